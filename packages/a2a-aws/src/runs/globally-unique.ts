/** A UUID of RFC 9562: with a version, 1 to 8, and the variant. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;
/** Crockford's alphabet: 48 bits of milliseconds, then 80 random bits. */
const ULID = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/i;
const KSUID = /^[0-9A-Za-z]{27}$/;
const NANOID = /^[A-Za-z0-9_-]{21}$/;

const CROCKFORD = '0123456789abcdefghjkmnpqrstvwxyz';
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Ids with a time in them were made from 2014, when KSUID's time begins, to 2060. */
const KSUID_EPOCH_MS = 1_400_000_000_000;
const LATEST_MS = 2_840_140_800_000;
/** KSUID's random bits. */
const KSUID_PAYLOAD = 2n ** 128n;

/**
 * Returns true if an id cannot have been chosen twice, by the way in which it was made: a UUID, ULID,
 * KSUID or nanoid, whole, alone or at the end of a prefix that ends with no letter or digit. Texts
 * that only have the form of such an id, like `00000000-0000-4000-8000-000000000001` or a word of 21
 * letters, are recognized by the mix of their characters. This refuses at most three in a hundred true
 * nanoids, and almost no true id of the other kinds.
 */
export function isGloballyUnique(id: string): boolean {
  const tail = (length: number): string => {
    const isWhole = id.length === length || /[^0-9A-Za-z]/.test(id.at(-length - 1) ?? '0');
    return isWhole ? id.slice(-length) : '';
  };
  return isUuid(tail(36)) || isUlid(tail(26)) || isKsuid(tail(27)) || isNanoid(tail(21));
}

function isUuid(text: string): boolean {
  return UUID.test(text) && isMixed(text.toLowerCase().replaceAll('-', ''), 8, 16);
}

function isUlid(text: string): boolean {
  if (!ULID.test(text)) return false;
  const id = text.toLowerCase();
  const ms = Number(numberOf(id.slice(0, 10), CROCKFORD));
  return isTime(ms) && isMixed(id.slice(10), 7, 8);
}

function isKsuid(text: string): boolean {
  if (!KSUID.test(text)) return false;
  const seconds = Number(numberOf(text, BASE62) / KSUID_PAYLOAD);
  return isTime(KSUID_EPOCH_MS + seconds * 1_000) && isMixed(text.slice(6), 11, 8);
}

/**
 * Its alphabet is all its form: in words and numbers kinds of characters and cases change less often,
 * and in `Capitalized_Words-1` each capital begins a word.
 */
function isNanoid(text: string): boolean {
  if (!NANOID.test(text)) return false;
  const kinds = [...text].map(kindOf);
  const cases = kinds.filter((kind) => kind === 'lower' || kind === 'upper');
  const isOfWords = !/[A-Z](?![a-z])/.test(text);
  return !isOfWords && changesOf(kinds) >= 7 && changesOf(cases) >= 4 && isMixed(text, 12, 8);
}

function changesOf(kinds: readonly string[]): number {
  return kinds.filter((kind, at) => at > 0 && kind !== kinds[at - 1]).length;
}

/** True for at least so many different characters, of which few repeat or follow the one before. */
function isMixed(text: string, different: number, maxFollowing: number): boolean {
  const codes = [...text].map((character) => character.charCodeAt(0));
  const following = codes.filter((code, at) => {
    const step = code - (codes[at - 1] ?? Number.NaN);
    return step === 0 || step === 1;
  }).length;
  return new Set(codes).size >= different && following < maxFollowing;
}

function kindOf(character: string): 'lower' | 'upper' | 'digit' | 'sign' {
  if (/[a-z]/.test(character)) return 'lower';
  if (/[A-Z]/.test(character)) return 'upper';
  return /[0-9]/.test(character) ? 'digit' : 'sign';
}

function isTime(ms: number): boolean {
  return ms >= KSUID_EPOCH_MS && ms <= LATEST_MS;
}

function numberOf(text: string, alphabet: string): bigint {
  const base = BigInt(alphabet.length);
  return [...text].reduce((sum, digit) => sum * base + BigInt(alphabet.indexOf(digit)), 0n);
}
