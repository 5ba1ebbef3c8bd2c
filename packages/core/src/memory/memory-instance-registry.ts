import type { FanoutAddress } from '../ports/fanout.ts';
import type { FleetKey, FleetKeySet } from '../ports/fleet-keys.ts';
import type {
  InstanceRegistry,
  Intent,
  Lease,
  LeaseTerms,
  RetiredLease,
  WatchRow,
} from '../ports/instance-registry.ts';
import { type TaskKey, taskKeyText } from '../task-key.ts';

/**
 * An {@link InstanceRegistry} in the memory of this process: for tests, and as the suite's oracle.
 */
export class MemoryInstanceRegistry implements InstanceRegistry {
  readonly #identity: string;
  #leader: string | undefined;
  #keys: readonly FleetKey[] = [];
  readonly #leases = new Map<string, Lease>();
  readonly #revisions = new Map<string, number>();
  readonly #retired = new Map<string, RetiredLease>();
  readonly #runs = new Map<string, Intent>();
  readonly #index = new Map<string, WatchRow>();
  readonly #watches = new Map<string, WatchRow>();

  constructor(identity = 'memory') {
    this.#identity = identity;
  }

  async identity(): Promise<string> {
    return this.#identity;
  }

  async register(instance: string, queueName: string, terms: LeaseTerms = {}): Promise<boolean> {
    const known = this.#leases.get(instance);
    if (known) return known.state === 'alive';
    this.#leases.set(instance, {
      instance,
      state: 'alive',
      beat: 0,
      address: { queueName },
      table: this.#identity,
      ...terms,
    });
    return true;
  }

  async setAddress(instance: string, address: FanoutAddress, revision: number): Promise<boolean> {
    if (revision < (this.#revisions.get(instance) ?? 0)) return false;
    this.#revisions.set(instance, revision);
    const { former = [], ...current } = address;
    const all = former.length > 0 ? { ...current, former } : current;
    return this.#change(instance, (lease) => ({ ...lease, address: all }));
  }

  async beat(instance: string, beat: number, renewedAt?: number): Promise<boolean> {
    const renewed = renewedAt === undefined ? {} : { renewedAt };
    return this.#change(instance, (lease) => ({ ...lease, beat, ...renewed }));
  }

  async markDead(instance: string, seenBeat: number): Promise<boolean> {
    const lease = this.#leases.get(instance);
    if (!lease) return false;
    if (lease.state === 'alive' && lease.beat !== seenBeat) return false;
    this.#leases.set(instance, { ...lease, state: 'dead' });
    return true;
  }

  async noteDeadFor(instance: string, ms: number): Promise<void> {
    const lease = this.#leases.get(instance);
    if (lease?.state !== 'dead' || (lease.deadForMs ?? 0) >= ms) return;
    this.#leases.set(instance, { ...lease, deadForMs: ms });
  }

  async lease(instance: string): Promise<Lease | undefined> {
    return this.#leases.get(instance);
  }

  async leases(): Promise<Lease[]> {
    return [...this.#leases.values()];
  }

  async removeLease(instance: string): Promise<void> {
    this.#leases.delete(instance);
    this.#revisions.delete(instance);
  }

  async retire(retired: RetiredLease): Promise<void> {
    this.#retired.set(retired.lease.instance, retired);
    await this.removeLease(retired.lease.instance);
  }

  async retired(limit: number): Promise<RetiredLease[]> {
    const all = [...this.#retired.values()].sort((a, b) => a.retiredAt - b.retiredAt);
    return all.slice(0, limit);
  }

  async removeRetired({ lease }: RetiredLease): Promise<void> {
    this.#retired.delete(lease.instance);
  }

  async setResigned(instance: string, resigned: boolean): Promise<boolean> {
    return this.#change(instance, (lease) => ({ ...lease, resigned }));
  }

  async leader(): Promise<string | undefined> {
    return this.#leader;
  }

  async lead(instance: string, before: string | undefined): Promise<boolean> {
    if (this.#leader !== before && this.#leader !== instance) return false;
    this.#leader = instance;
    return true;
  }

  async putIntent(row: Intent): Promise<void> {
    this.#runs.set(`${row.instance} ${row.run}`, row);
  }

  async removeIntent(row: Intent): Promise<void> {
    this.#runs.delete(`${row.instance} ${row.run}`);
  }

  async intents(instance: string): Promise<Intent[]> {
    return [...this.#runs.values()].filter((row) => row.instance === instance);
  }

  async putWatch(row: WatchRow): Promise<void> {
    this.#index.set(row.watch, row);
    this.#watches.set(row.watch, row);
  }

  async removeWatch(row: WatchRow): Promise<void> {
    this.#watches.delete(row.watch);
  }

  async removeWatchIndex(row: WatchRow): Promise<void> {
    this.#index.delete(row.watch);
  }

  async watches(instance: string): Promise<WatchRow[]> {
    return [...this.#index.values()].filter((row) => row.instance === instance);
  }

  async watchers(key: TaskKey): Promise<WatchRow[]> {
    const text = taskKeyText(key);
    return [...this.#watches.values()].filter((row) => taskKeyText(row.key) === text);
  }

  async doorbellKeys(candidate: () => FleetKey): Promise<FleetKeySet> {
    if (this.#keys.length === 0) this.#keys = [candidate()];
    return { fleet: 'memory', keys: this.#keys };
  }

  async replaceDoorbellKeys(
    seen: readonly FleetKey[],
    next: readonly FleetKey[],
  ): Promise<boolean> {
    const names = (keys: readonly FleetKey[]): string => keys.map(({ id }) => id).join();
    if (this.#keys.length === 0 || names(seen) !== names(this.#keys)) return false;
    this.#keys = next;
    return true;
  }

  #change(instance: string, change: (lease: Lease) => Lease): boolean {
    const lease = this.#leases.get(instance);
    if (lease?.state !== 'alive') return false;
    this.#leases.set(instance, change(lease));
    return true;
  }
}
