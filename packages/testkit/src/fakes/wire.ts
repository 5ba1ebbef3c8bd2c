import type { Clock } from '@a2a-aws/core';
import type { CallMeter } from './call-meter.ts';
import type { FakeCall, FaultPlan } from './fault-plan.ts';
import { FakeServiceError, failure } from './service-fault.ts';

export interface WireDeps {
  readonly clock: Clock;
  readonly faults: FaultPlan;
  readonly meter: CallMeter;
}

/** The way between clients and services: every call goes through its fault plan and is counted. */
export class Wire {
  readonly clock: Clock;
  readonly faults: FaultPlan;
  readonly meter: CallMeter;

  constructor({ clock, faults, meter }: WireDeps) {
    this.clock = clock;
    this.faults = faults;
    this.meter = meter;
  }

  /**
   * Makes a call: has the service `act` as often and as late as the plan says. Comes to the first
   * answer, or fails as the plan, the service or `signal` says.
   */
  async carry<T>(
    call: FakeCall,
    act: (failedEntries: number) => T | Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const { service, operation } = call;
    this.meter.called(service, operation);
    const outcome = this.faults.call(call);
    const acted = outcome.acts.map(async (ms) => {
      await this.#wait(ms);
      return act(outcome.failedEntries ?? 0);
    });
    // An error that has no reader any more must not count as unhandled.
    for (const one of acted) one.catch(() => {});
    try {
      return await abortable(this.#answer(outcome, acted[0]), signal);
    } catch (error) {
      this.meter.failed(service, operation);
      throw error;
    }
  }

  async #answer<T>(
    { acts, answers, fails }: ReturnType<FaultPlan['call']>,
    acted: Promise<T> | undefined,
  ): Promise<T> {
    if (fails || !acted) {
      await this.#wait(answers);
      throw failure(fails ?? 'time-out');
    }
    const back = answers - (acts[0] ?? 0);
    try {
      return await acted;
    } finally {
      await this.#wait(back);
    }
  }

  #wait(ms: number): Promise<void> | undefined {
    if (ms <= 0) return undefined;
    return new Promise((resolve) => this.clock.after(ms, resolve));
  }
}

/** Rejects at once when the caller aborts, like the AWS SDK; the service may still do the work. */
function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new FakeServiceError('AbortError', 'Request aborted'));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    const done = (): void => signal.removeEventListener('abort', abort);
    work.then(resolve, reject).finally(done);
  });
}
