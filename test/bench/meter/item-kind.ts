import { attribute } from '@a2a-aws/dynamodb';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';

type Keyed = Readonly<Record<string, AttributeValue>>;

/** Returns true for a lease row, or its key. */
export function isLeaseItem(key: Keyed): boolean {
  return isLeasePartition(key[attribute.partition]?.S);
}

export function isRunItem(key: Keyed): boolean {
  return key[attribute.sort]?.S?.startsWith('run#') === true;
}

/** Returns true for the index row of a watch, which a sweep removes long after the watch. */
export function isWatchIndexItem(key: Keyed): boolean {
  const ofInstance = isInstancePartition(key[attribute.partition]?.S);
  return ofInstance && key[attribute.sort]?.S?.startsWith('watch#') === true;
}

/** Returns true for the partition that holds all leases. */
export function isLeasePartition(partition: string | undefined): boolean {
  return partition?.endsWith('#instances') === true;
}

/** Returns true for the partition of one instance's rows. */
export function isInstancePartition(partition: string | undefined): boolean {
  return partition !== undefined && /^[^#]*#I#/.test(partition);
}
