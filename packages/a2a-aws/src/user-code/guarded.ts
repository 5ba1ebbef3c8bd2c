import { BackendError, type Fanout } from '@a2a-aws/core';
import { overriding, RetriedStep, type RetriedStepDeps } from '@a2a-aws/core/internal';
import { A2AError } from '@a2a-js/sdk/errors';
import type { PushNotificationSender, PushNotificationStore } from '@a2a-js/sdk/server';
import type { ErrorSource, UserErrors } from './user-error-reports.ts';

/** Code of the application threw something that is neither an A2A error nor a {@link BackendError}. */
export class UserCodeError extends Error {
  readonly source: ErrorSource;
  readonly thrown: unknown;

  constructor(source: ErrorSource, thrown: unknown) {
    super('Code of the application failed.');
    this.name = 'UserCodeError';
    this.source = source;
    this.thrown = thrown;
  }
}

/**
 * The same function, whose errors name their source as a {@link UserCodeError}. Errors that clients
 * or the backend understand pass as they are.
 */
export function guarded<Args extends unknown[], Result>(
  source: ErrorSource,
  call: (...args: Args) => Result,
): (...args: Args) => Result {
  const tagged = (error: unknown): unknown =>
    isUnderstood(error) ? error : new UserCodeError(source, error);
  return (...args) => {
    try {
      const result = call(...args);
      if (!isThenable(result)) return result;
      return Promise.resolve(result).catch((error: unknown) => {
        throw tagged(error);
      }) as Result;
    } catch (error) {
      throw tagged(error);
    }
  };
}

/** True for a card, and for undefined: there is nothing to call. */
export function guardedIfFunction<T>(source: ErrorSource, value: T): T {
  if (typeof value !== 'function') return value;
  return guarded(source, value as unknown as (...args: unknown[]) => unknown) as T;
}

export function guardedStore(store: PushNotificationStore): PushNotificationStore {
  const { loadWithMetadata } = store;
  return overriding(store, {
    save: guarded('pushStore', (...args) => store.save(...args)),
    load: guarded('pushStore', (...args) => store.load(...args)),
    delete: guarded('pushStore', (...args) => store.delete(...args)),
    ...(loadWithMetadata && {
      loadWithMetadata: guarded('pushStore', (...args) => loadWithMetadata.apply(store, args)),
    }),
  });
}

export function guardedSender(sender: PushNotificationSender): PushNotificationSender {
  return overriding(sender, { send: guarded('pushSender', (...args) => sender.send(...args)) });
}

/** A fan-out of the application's: its errors are handed over; a doorbell that fails is only lost. */
export function guardedFanout(fanout: Fanout, errors: UserErrors, deps: RetriedStepDeps): Fanout {
  const retried = new RetriedStep('fanout.publish-failed', deps, 'error');
  const reported = <T>(work: () => Promise<T>): Promise<T> =>
    Promise.resolve()
      .then(work)
      .catch((error: unknown) => {
        if (!isUnderstood(error)) errors.handOver(error, { source: 'fanout' });
        throw error;
      });
  return overriding(fanout, {
    check: () => reported(() => fanout.check()),
    provision: (...args) => reported(() => fanout.provision(...args)),
    teardown: (...args) => reported(() => fanout.teardown(...args)),
    publish: async (...args) => {
      try {
        const isTaken = await fanout.publish(...args);
        retried.succeeded();
        return isTaken;
      } catch (error) {
        const isTaken = errors.handOver(error, { source: 'fanout' });
        retried.failed(error, { source: 'fanout', ...(isTaken ? {} : errors.describe(error)) });
        return false;
      }
    },
  });
}

/** Returns true for promises, also those of another library or realm. */
function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

/** Treats an error whose prototype throws as not understood. */
function isUnderstood(error: unknown): boolean {
  try {
    return error instanceof A2AError || error instanceof BackendError;
  } catch {
    return false;
  }
}
