import type { Fanout } from '@a2a-aws/core';
import type { Instance } from '@a2a-aws/core/internal';
import type { RunGate } from './overload/run-gate.ts';

/** Counters: "now" marks the current values, the others count since this instance's start. */
export interface BackendStats {
  /** The id of this process's instance: in rows, queue names and log events. */
  readonly instance: string;
  /** Runs that execute now. */
  readonly runs: number;
  /** Runs that are being started, or wait to be started, now. */
  readonly startingRuns: number;
  /** Messages that were refused because this process had too much work. */
  readonly refusedRuns: number;
  /** Open readers of task events, now. */
  readonly taps: number;
  /** Task logs kept up to date, now. */
  readonly openLogs: number;
  /** Approximate bytes waiting to be written, now. */
  readonly backlogBytes: number;
  /** Doorbells that SNS, or SQS, accepted from this instance. */
  readonly published: number;
  /** Doorbells that could not be published: their readers find the events by reading the log. */
  readonly publishFailed: number;
  /** Messages from this instance's queue. */
  readonly received: number;
  /** Received messages that are not doorbells; they go to the dead-letter queue. */
  readonly unreadable: number;
  /** Received doorbells of kinds that only a newer release knows. */
  readonly ignored: number;
  /** Received messages without a valid proof of coming from this fleet; they had no effect. */
  readonly unauthenticated: number;
  /** Logs read again because doorbells had carried events that the table does not hold. */
  readonly diverged: number;
  /** Events of executors that were not appended; the log event `run.event-refused` gives the reason. */
  readonly refusedEvents: number;
  /** Dead instances that this one has cleaned up after. */
  readonly janitorCleaned: number;
  /** Failed attempts to clean up after a dead instance. */
  readonly janitorFailed: number;
}

export function backendStats(
  { id, logs, intents, janitor }: Instance,
  fanout: Pick<Fanout, 'stats'>,
  gate: Pick<RunGate, 'starting' | 'refused'>,
): BackendStats {
  const { cleaned, failed } = janitor.stats;
  return {
    instance: id,
    runs: intents.running,
    startingRuns: gate.starting,
    refusedRuns: gate.refused,
    taps: logs.taps,
    openLogs: logs.openLogs,
    backlogBytes: logs.backlog.bytes,
    ...fanout.stats(),
    ignored: logs.doorbells.ignored,
    unauthenticated: logs.doorbells.unauthenticated,
    diverged: logs.diverged,
    refusedEvents: intents.refusedEvents,
    janitorCleaned: cleaned,
    janitorFailed: failed,
  };
}
