import type { Message } from '@a2a-js/sdk';
import type { StartEntry } from '../model/entry.ts';
import { isResumable } from '../model/state.ts';
import type { Intent } from '../ports/instance-registry.ts';
import type { LogStorage } from '../ports/log-storage.ts';
import type { OpenLog } from '../reading/open-log.ts';
import type { Intents } from './intents.ts';
import type { Run } from './run.ts';

/** A run that this instance must execute again, because the instance that executed it was lost. */
export interface Resumption {
  readonly run: Run;
  /** The message as it was first received. */
  readonly message: Message;
  readonly contextId: string;
  readonly digest: string;
  /** See {@link Intent.resume}. */
  readonly recorded: string;
  /** Must be called once the executor is done. */
  finish(): Promise<void>;
}

/** Executes a run again, without waiting for its end. */
export type Resumer = (resumption: Resumption) => void;

/**
 * Returns the resumer of this instance, `undefined` if it has none, or `undecided` until the first
 * handler has been registered.
 */
export type FindResumer = () => Resumer | 'undecided' | undefined;

export interface ResumptionDeps {
  readonly intents: Intents;
  readonly storage: LogStorage;
  readonly resumer: Resumer;
}

/** Returns true if the run must be executed again when its instance is lost. */
export function isResumed({ resume }: Intent): boolean {
  return resume !== undefined;
}

/** Continues the run of a dead instance here. Returns false if it cannot or must not be continued here. */
export async function resumeRun(
  row: Intent,
  open: OpenLog,
  { intents, storage, resumer }: ResumptionDeps,
): Promise<boolean> {
  const { resume: recorded } = row;
  if (recorded === undefined || !isResumable(open.log.state, row.run)) return false;
  const start = await startOf(row, open, storage);
  if (!start?.message) return false;
  const { message, contextId, digest = '' } = start;
  const begun = await intents.resume(row, start);
  if ('refused' in begun) return false;
  const { run } = begun;
  resumer({ run, message, contextId, digest, recorded, finish: () => intents.finish(run) });
  return true;
}

/** Returns the start entry of the run. It holds the message exactly as it was received. */
async function startOf(
  row: Intent,
  open: OpenLog,
  storage: LogStorage,
): Promise<StartEntry | undefined> {
  const slot = open.log.state.runs.get(row.run)?.start;
  if (!slot) return undefined;
  for await (const record of storage.readRecords(row.key, slot)) {
    return record.entries.find((entry) => entry.kind === 'start' && entry.run === row.run) as
      | StartEntry
      | undefined;
  }
  return undefined;
}
