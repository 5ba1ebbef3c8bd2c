/**
 * Returns a copy of plain data: arrays, plain objects and bytes. Unlike `structuredClone`, it
 * copies a Buffer to a Buffer, and a key named `__proto__` stays an ordinary key.
 */
export function deepCopy<T>(value: T): T {
  return copy(value) as T;
}

function copy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copy);
  if (value instanceof Uint8Array) return Buffer.from(value);
  const result: Record<string, unknown> = {};
  for (const [key, entry] of Object.entries(value)) {
    if (key === '__proto__') {
      Object.defineProperty(result, key, {
        value: copy(entry),
        configurable: true,
        enumerable: true,
        writable: true,
      });
    } else {
      result[key] = copy(entry);
    }
  }
  return result;
}
