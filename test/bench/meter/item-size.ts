import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/** An item as DynamoDB holds it. */
export type StoredItem = Readonly<Record<string, AttributeValue>>;

/**
 * Returns the size of an item in bytes: names and values in UTF-8.
 *
 * Source: Amazon DynamoDB developer guide, "DynamoDB item sizes and formats".
 */
export function itemBytes(item: StoredItem): number {
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value),
    0,
  );
}

function valueBytes(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.N !== undefined) return numberBytes(value.N);
  if (value.B !== undefined) return value.B.byteLength;
  if (value.BOOL !== undefined || value.NULL !== undefined) return 1;
  if (value.L !== undefined) return value.L.reduce((sum, one) => sum + 1 + valueBytes(one), 3);
  if (value.M !== undefined) return 3 + Object.keys(value.M).length + itemBytes(value.M);
  throw new Error('Sets are not written by this project.');
}

/** Returns one byte for every two significant digits, one more, and one for a sign. */
function numberBytes(text: string): number {
  const [mantissa = ''] = text.replace(/^-/, '').split(/e/i);
  const digits = mantissa.replace('.', '').replace(/^0+/, '').replace(/0+$/, '');
  return Math.ceil(digits.length / 2) + 1 + (text.startsWith('-') ? 1 : 0);
}
