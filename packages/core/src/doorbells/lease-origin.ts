import type { Lease } from '../ports/instance-registry.ts';

/**
 * Returns which fleet a lease belongs to: `own` if it was written into the table of this `identity`,
 * `foreign` if it came with a copy of another table, `unknown` if an older release wrote it.
 */
export function leaseOrigin(
  { table }: Pick<Lease, 'table'>,
  identity: string,
): 'own' | 'foreign' | 'unknown' {
  if (table === undefined) return 'unknown';
  return table === identity ? 'own' : 'foreign';
}
