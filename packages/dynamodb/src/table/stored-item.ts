import { BackendError } from '@a2a-aws/core';
import type { z } from 'zod';
import type { Item } from './item.ts';

/** The only form of items that this release writes and reads: their attribute `v`. */
export const ITEM_VERSION = 1;

/** An item's attributes. Throws `corrupt-log` for another version or shape: it is never misread. */
export function readItem<Shape extends z.ZodType>(shape: Shape, item: Item): z.output<Shape> {
  const parsed = item.v === ITEM_VERSION ? shape.safeParse(item) : undefined;
  if (parsed?.success) return parsed.data;
  throw new BackendError('corrupt-log', 'An item of an unknown version or shape is in the table.');
}
