import type { Instance, InstancePhase } from '@a2a-aws/core/internal';
import type { RunGate } from './overload/run-gate.ts';

/** For a load balancer's check: serve `ready` as 200 and anything else as 503. No I/O. */
export interface BackendHealth {
  /** False once this backend was stopped for good. */
  readonly live: boolean;
  /** True while it takes requests: the phase is `ready`, and the lease was renewed within the lease time. */
  readonly ready: boolean;
  readonly phase: InstancePhase;
  /** Milliseconds since the lease was last renewed; `undefined` before the first renewal. */
  readonly leaseAgeMs: number | undefined;
  /**
   * True while doorbells arrive. False adds latency and has no other effect. `undefined` if the fan-out
   * delivers no doorbells.
   */
  readonly doorbell: boolean | undefined;
  /**
   * Why no doorbell is known to arrive: `provisioning`, `lost` (its queue is gone), `silent`, or the code
   * with which the last attempt to provision it failed (`unreachable`, `topic-full` …).
   */
  readonly doorbellFault: string | undefined;
  /** Fill level of the write backlog, 0 to 1. At 1, publishing fails. */
  readonly backlog: number;
  /** Delivery time of a doorbell in milliseconds; known while a reader here waits for events. */
  readonly lagMs: number | undefined;
  /** Open readers of task events. */
  readonly taps: number;
  /** Runs that execute here. */
  readonly runs: number;
  /** True while new runs are refused because of too much work. The instance stays `ready`. */
  readonly overloaded: boolean;
  /** How late the event loop is, in milliseconds; 0 if no message has come for some seconds. */
  readonly loopLagMs: number;
  /** Dead instances that this one, as the leader, could not clean up after at its last attempt. */
  readonly uncleaned: number;
}

export function backendHealth(
  { phase, logs, intents, janitor, isServing, silentMs, endpoint }: Instance,
  isStopped: boolean,
  gate: Pick<RunGate, 'isOverloaded' | 'lagMs'>,
): BackendHealth {
  return {
    live: !isStopped,
    ready: isServing,
    phase,
    leaseAgeMs: silentMs,
    doorbell: logs.doorbells.healthy,
    doorbellFault: logs.doorbells.healthy === false ? (endpoint.fault ?? 'silent') : undefined,
    lagMs: logs.doorbells.lagMs,
    backlog: logs.backlog.fullness,
    taps: logs.taps,
    runs: intents.running,
    overloaded: gate.isOverloaded,
    loopLagMs: gate.lagMs,
    uncleaned: janitor.stats.failing,
  };
}
