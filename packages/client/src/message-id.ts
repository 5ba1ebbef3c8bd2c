/** A UUID, ULID, KSUID or nanoid, alone or at the end of a prefix, as docs/clients.md says. */
const UNIQUE =
  /(^|[^0-9a-z])([0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-z]{26,27}|[\w-]{21})$/i;

/** Returns true if the id has the form of a globally unique one. */
export function isUnique(messageId: string): boolean {
  return UNIQUE.test(messageId);
}

/** Returns a random UUID, also in pages without TLS, where browsers have no `crypto.randomUUID`. */
export function randomUuid(): string {
  // A digit is random, except that 4 is the version, and that 8 stands for a digit from 8 to b.
  return '10000000-1000-4000-8000-100000000000'.replace(/[018]/g, (digit) => {
    const [random = 0] = crypto.getRandomValues(new Uint8Array(1));
    return (digit === '8' ? 8 | (random & 3) : random & 15).toString(16);
  });
}
