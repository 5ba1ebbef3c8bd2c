import {
  type AppliedRecord,
  inSlices,
  type LogTap,
  type OpenLog,
  type TapStart,
  type TaskPicture,
} from '@a2a-aws/core/internal';
import type { Task } from '@a2a-js/sdk';
import { TaskNotFoundError } from '@a2a-js/sdk/errors';
import { linkSignals } from './linked-signal.ts';

export interface StreamOptions {
  /** Aborts when the client has disconnected: the stream ends. */
  readonly left: AbortSignal | undefined;
  /** Aborts when the reader must continue on another instance: the stream tells all that is known here, and fails. */
  readonly away: AbortSignal;
  /** Returns the error of a stream that is interrupted. */
  readonly interrupted: () => Error;
  /** Resolves when the client has taken all that was written. */
  readonly drained: () => Promise<void>;
  readonly historyLength?: number | undefined;
}

/** Reads a log for one stream, until the client leaves or this instance sends its readers away. */
export class StreamReader {
  readonly open: OpenLog;
  readonly tap: LogTap;
  readonly #options: StreamOptions;
  readonly #close: () => void;
  /** Made on demand: few streams need it, and an instance may have thousands of streams open. */
  #linked: ReturnType<typeof linkSignals> | undefined;

  constructor(open: OpenLog, options: StreamOptions, start?: TapStart) {
    const { left, away } = options;
    // Frames are made from the records' entries.
    const { tap, close } = open.tap({ ...start, showsTasks: false });
    const finish = (): void => tap.finish();
    left?.addEventListener('abort', close, { once: true });
    away.addEventListener('abort', finish, { once: true });
    if (away.aborted) finish();
    this.open = open;
    this.tap = tap;
    this.#options = options;
    this.#close = () => {
      left?.removeEventListener('abort', close);
      away.removeEventListener('abort', finish);
      close();
    };
  }

  /** Aborts when the client has left, or when this instance sends its readers away. */
  get signal(): AbortSignal {
    this.#linked ??= linkSignals(this.#options.left, this.#options.away);
    return this.#linked.signal;
  }

  get hasLeft(): boolean {
    return this.#options.left?.aborted === true;
  }

  /**
   * Resolves with the next record once the client has taken the frames so far; `undefined` if the
   * client has left. Rejects if the stream is interrupted or the task was deleted, and as
   * {@link LogTap.next} does.
   */
  async next(): Promise<AppliedRecord | undefined> {
    await this.#options.drained();
    const step = this.hasLeft ? undefined : await this.tap.next();
    if (this.hasLeft) return undefined;
    if (!step) throw this.interrupted();
    if (step.state.deleted) throw new TaskNotFoundError();
    return step;
  }

  interrupted(): Error {
    return this.#options.interrupted();
  }

  /** Copies the task for the first frame of the stream. */
  copy(picture: TaskPicture): Promise<Task> {
    const { historyLength } = this.#options;
    return inSlices(picture.copying({ historyLength }), this.open.log.clock);
  }

  close(): void {
    this.#linked?.unlink();
    this.#close();
  }
}
