import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { StoredItem } from './attribute.ts';

/** As the document client sends it, without undefined values. */
export function toStored(item: Readonly<Record<string, unknown>>): StoredItem {
  // Bytes are copied: the sender may use its buffer again.
  const sent = marshall(item, { removeUndefinedValues: true });
  for (const value of Object.values(sent)) {
    if (value.B) Object.assign(value, { B: Uint8Array.from(value.B) });
  }
  return sent;
}

/** As the document client gives it. */
export function fromStored(item: StoredItem): Record<string, unknown> {
  return unmarshall({ ...item });
}
