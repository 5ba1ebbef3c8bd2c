import type { Lease } from '../ports/instance-registry.ts';

/** A `server` executes runs. A `janitor` only cleans up, and inspects all leases, whichever instance leads. */
export type Role = 'server' | 'janitor';

/** Returns the role of the instance that holds the lease. */
export function roleOf({ serves }: Pick<Lease, 'serves'>): Role {
  return serves === false ? 'janitor' : 'server';
}

/** Returns true if the instance that holds the lease can lead. */
export function canLead(lease: Pick<Lease, 'state' | 'resigned' | 'serves'>): boolean {
  return lease.state === 'alive' && !lease.resigned && roleOf(lease) === 'server';
}
