import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/** An item as DynamoDB holds it. */
export type StoredItem = Readonly<Record<string, AttributeValue>>;

/**
 * Bytes of an item: names and values, in UTF-8.
 * Source: Amazon DynamoDB developer guide, "DynamoDB item sizes and formats".
 */
export function itemBytes(item: StoredItem): number {
  let bytes = 0;
  for (const name in item) {
    bytes += Buffer.byteLength(name) + valueBytes(item[name] as AttributeValue);
  }
  return bytes;
}

/** Negative, zero or positive, as `a` sorts before, with or after `b`; `undefined` if they do not sort. */
export function compareValues(a: AttributeValue, b: AttributeValue): number | undefined {
  if (a.S !== undefined && b.S !== undefined) return compareText(a.S, b.S);
  if (a.N !== undefined && b.N !== undefined) return Number(a.N) - Number(b.N);
  if (a.B !== undefined && b.B !== undefined) return Buffer.compare(a.B, b.B);
  return undefined;
}

export function equalValues(a: AttributeValue, b: AttributeValue): boolean {
  return compareValues(a, b) === 0 || JSON.stringify(a) === JSON.stringify(b);
}

/** By UTF-8 bytes, as DynamoDB sorts; UTF-16 differs from it beyond the basic plane. */
export function compareText(a: string, b: string): number {
  if (BASIC.test(a) && BASIC.test(b)) return a < b ? -1 : Number(a > b);
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Characters that sort alike in UTF-8 and UTF-16. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: from the first character on
const BASIC = /^[\u0000-\ud7ff]*$/;

function valueBytes(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.N !== undefined) return numberBytes(value.N);
  if (value.B !== undefined) return value.B.byteLength;
  if (value.BOOL !== undefined || value.NULL !== undefined) return 1;
  if (value.L !== undefined) return value.L.reduce((sum, one) => sum + 1 + valueBytes(one), 3);
  if (value.M !== undefined) return 3 + Object.keys(value.M).length + itemBytes(value.M);
  if (value.SS !== undefined) return value.SS.reduce((sum, one) => sum + Buffer.byteLength(one), 0);
  if (value.NS !== undefined) return value.NS.reduce((sum, one) => sum + numberBytes(one), 0);
  return (value.BS ?? []).reduce((sum, one) => sum + one.byteLength, 0);
}

/** One byte for each two significant digits, one more, and one for a sign. */
function numberBytes(text: string): number {
  const [mantissa = ''] = text.replace(/^-/, '').split(/e/i);
  const digits = mantissa.replace('.', '').replace(/^0+/, '').replace(/0+$/, '');
  return Math.ceil(digits.length / 2) + 1 + (text.startsWith('-') ? 1 : 0);
}
