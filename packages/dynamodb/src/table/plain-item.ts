import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { Item } from './item.ts';

/** Item attributes as DynamoDB writes them. */
export type StoredAttributes = Readonly<Record<string, AttributeValue>>;

/**
 * Reads an item's attributes, as lib-dynamodb does for items of this project, in a small part of the
 * time: a page of a log has hundreds of items.
 */
export function plainItem(attributes: StoredAttributes): Item {
  const item: Record<string, unknown> = {};
  // Parsed JSON has no names but its own.
  for (const name in attributes) {
    const value = attributes[name];
    if (value) item[name] = plainValue(value);
  }
  return item;
}

function plainValue(value: AttributeValue): unknown {
  if (value.S !== undefined) return value.S;
  if (value.N !== undefined) {
    const number = Number(value.N);
    if (Number.isSafeInteger(number)) return number;
  }
  if (value.B !== undefined) return value.B;
  // Other types are rare here.
  const { value: read } = unmarshall({ value });
  return read;
}
