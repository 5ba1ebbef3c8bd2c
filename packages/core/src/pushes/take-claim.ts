import type { Clock } from '../ports/clock.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { InstanceRegistry } from '../ports/instance-registry.ts';
import type { PushClaim, PushLedger, TaskPushes } from '../ports/push-ledger.ts';
import { type RetryDeps, retryUntilDone } from '../retry.ts';
import type { TaskKey } from '../task-key.ts';

export interface TakeClaimDeps extends RetryDeps {
  readonly instance: string;
  readonly ledger: PushLedger;
  readonly registry: Pick<InstanceRegistry, 'lease'>;
  readonly clock: Clock;
  readonly entropy: Entropy;
}

/** A claim of this instance, and the progress that it begins with. */
export interface TakenClaim {
  readonly claim: PushClaim;
  readonly pushes: TaskPushes;
}

/**
 * Claims the deliveries of a task. Resolves with `undefined` if another live instance delivers, and was
 * asked to read the log again. While `mayReplace` returns true, its claim is replaced instead. Rejects with
 * `draining` or a lasting error of the table.
 */
export async function takeClaim(
  key: TaskKey,
  mayReplace: () => boolean,
  deps: TakeClaimDeps,
): Promise<TakenClaim | undefined> {
  const { instance, ledger, registry, clock, entropy } = deps;
  const untilDone = <T>(step: () => Promise<T>): Promise<T> =>
    retryUntilDone('push.table', deps, step);
  for (let turn = 1, replaces = false; ; ) {
    const claim = { instance, turn };
    const result = await untilDone(() => ledger.claim(key, claim, clock.now(), replaces));
    if ('claimed' in result) return { claim, pushes: result.claimed };
    const { last, isHeld } = result;
    turn = last.turn + 1;
    replaces = isHeld;
    if (!isHeld || mayReplace() || last.instance === instance) continue;
    const lease = await untilDone(() => registry.lease(last.instance));
    if (lease?.state !== 'alive') continue;
    replaces = false;
    const question = entropy.id();
    if (await untilDone(() => ledger.ask(key, last, question))) return undefined;
  }
}
