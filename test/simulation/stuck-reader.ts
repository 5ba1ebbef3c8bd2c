import type { LogRecord, Scope } from '@a2a-aws/core';
import type { ExpectedTask, Violate } from './expected-task.ts';
import { ReaderCheck } from './reader-check.ts';
import type { Server } from './server.ts';
import { contextOf } from './simulated-requests.ts';

/** The most that an instance may keep of a log for lagging readers, in bytes of record bodies. */
const KEPT_BYTES = 1024 * 1024;

export interface StuckReaderDeps {
  readonly server: Server;
  readonly scope: Scope;
  readonly expected: () => ExpectedTask | undefined;
  readonly violate: Violate;
}

/**
 * A subscriber that stops reading after a frame. The process must have held the records that the
 * subscriber gets later without a new read of the log: their size is bounded (I8).
 */
export class StuckReader {
  readonly #deps: StuckReaderDeps;
  readonly #check: ReaderCheck;
  readonly #frames: AsyncGenerator<Parameters<ReaderCheck['got']>[0], void, undefined>;

  constructor(taskId: string, deps: StuckReaderDeps) {
    this.#deps = deps;
    this.#check = new ReaderCheck('the stuck reader', deps.violate);
    const { process, handler } = deps.server;
    const context = contextOf(deps.scope);
    this.#frames = process.stream(() =>
      handler.resubscribe({ tenant: deps.scope.tenant, id: taskId }, context),
    );
  }

  /** Reads the first frame. */
  async begin(): Promise<void> {
    const { value } = await this.#frames.next();
    if (value) this.#check.got(value, this.#deps.expected());
  }

  /** Leaves, like a cut connection. */
  async leave(): Promise<void> {
    await this.#frames.return(undefined);
  }

  /** Reads to the end of a task that has ended. */
  async goOn(): Promise<void> {
    const { server, expected, violate } = this.#deps;
    const from = this.#check.generation ?? 0;
    const before = server.readBack.records;
    for await (const frame of this.#frames) this.#check.got(frame, expected());
    const missed = (expected()?.records ?? []).filter(
      ({ slot, entries }) => slot.generation > from && entries.some(({ kind }) => kind === 'event'),
    );
    // One more record was already with the reader when it got stuck.
    const held = missed.length - (server.readBack.records - before) - 1;
    if (held > kept(missed)) {
      violate('I8', `${held} of ${missed.length} records were held for a reader that was stuck`);
    }
    if (!this.#check.isAtEnd) violate('I3', 'the stuck reader does not get to the end');
  }
}

/** Returns how many of the last records may be kept. */
function kept(records: readonly LogRecord[]): number {
  let bytes = 0;
  const index = records.findLastIndex(({ body }) => {
    bytes += body.length;
    return bytes > KEPT_BYTES;
  });
  return records.length - 1 - index;
}
