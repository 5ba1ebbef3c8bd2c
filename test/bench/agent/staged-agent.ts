import { StreamResponse, TaskState } from '@a2a-js/sdk';
import {
  AgentEvent,
  type AgentExecutionEvent,
  type AgentExecutor,
  type ExecutionEventBus,
  type RequestContext,
} from '@a2a-js/sdk/server';
import { monotonicMs } from '../monotonic-time.ts';
import { chunk, words } from './payload.ts';
import { stampedText } from './stamped-text.ts';

/** The events that the agent publishes. */
export interface Script {
  readonly chunks: number;
  /** The characters of text in each chunk. */
  readonly chunkLength: number;
  /**
   * - `burst`: all chunks at once
   * - `durable`: each chunk once the one before it is durable, so that no two share a record
   * - `millisecond`: one chunk every millisecond
   */
  readonly pace: 'burst' | 'durable' | 'millisecond';
  /** Each chunk replaces the one before it, so the stream grows and the task does not. */
  readonly replaces?: boolean | undefined;
}

interface Stage {
  readonly taskId: string;
  readonly contextId: string;
  readonly bus: ExecutionEventBus;
  readonly published: AgentExecutionEvent[];
  readonly end: () => void;
}

/** An agent that opens its task and then publishes on request, one task at a time. */
export class StagedAgent implements AgentExecutor {
  readonly #opened: () => void;
  #stage: Stage | undefined;

  /** `opened` is called when a task has begun and {@link play} may be called. */
  constructor(opened: () => void = () => {}) {
    this.#opened = opened;
  }

  readonly execute = async (request: RequestContext, bus: ExecutionEventBus): Promise<void> => {
    const { taskId, contextId } = request;
    const ended = new Promise<void>((end) => {
      this.#stage = { taskId, contextId, bus, published: [], end };
    });
    this.#publish(
      AgentEvent.task({
        id: taskId,
        contextId,
        status: status(TaskState.TASK_STATE_WORKING),
        artifacts: [],
        history: [request.userMessage],
        metadata: undefined,
      }),
    );
    this.#opened();
    await ended;
  };

  readonly cancelTask = async (): Promise<void> => {};

  /**
   * Publishes the chunks and the final status. Resolves with the time of the first chunk, in
   * monotonic milliseconds.
   */
  async play({ chunks, chunkLength, pace, replaces = false }: Script): Promise<number> {
    const texts = Array.from({ length: chunks }, (_, at) => words(chunkLength, at));
    const begin = monotonicMs();
    for (const [at, text] of texts.entries()) {
      if (pace === 'millisecond') await until(begin + at);
      const durable = pace === 'durable' ? this.#nextDurable() : undefined;
      this.#publishChunk(text, at > 0 && !replaces);
      await durable;
    }
    this.#complete();
    return begin;
  }

  /** Publishes one chunk that contains the time of its publication. */
  publishStamped(): void {
    this.#publishChunk(stampedText(), true);
  }

  /** Returns the bytes of the JSON of the task's events so far, as clients receive them. */
  eventBytes(): number {
    return this.#current.published.reduce((sum, event) => sum + jsonBytes(event), 0);
  }

  get #current(): Stage {
    if (!this.#stage) throw new Error('No task has been opened.');
    return this.#stage;
  }

  #publishChunk(text: string, append: boolean): void {
    const { taskId, contextId } = this.#current;
    this.#publish(AgentEvent.artifactUpdate(chunk(taskId, contextId, text, append)));
  }

  #complete(): void {
    const { taskId, contextId, end } = this.#current;
    const completed = status(TaskState.TASK_STATE_COMPLETED);
    this.#publish(
      AgentEvent.statusUpdate({ taskId, contextId, status: completed, metadata: undefined }),
    );
    end();
  }

  #publish(event: AgentExecutionEvent): void {
    const { bus, published } = this.#current;
    published.push(event);
    bus.publish(event);
  }

  /** Resolves when the next event is durable; the backend's bus calls its listeners then. */
  #nextDurable(): Promise<void> {
    const { bus } = this.#current;
    return new Promise((resolve) => {
      bus.once('event', () => resolve());
    });
  }
}

function status(state: TaskState) {
  return { state, message: undefined, timestamp: new Date().toISOString() };
}

function jsonBytes({ kind, data }: AgentExecutionEvent): number {
  const payload = { $case: kind, value: data } as StreamResponse['payload'];
  return Buffer.byteLength(JSON.stringify(StreamResponse.toJSON({ payload })));
}

/**
 * Resolves at `moment`, late by at most a timer's resolution. Late callers catch up without a
 * pause.
 */
async function until(moment: number): Promise<void> {
  while (monotonicMs() < moment) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
