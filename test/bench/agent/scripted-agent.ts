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

/** What the agent is to publish. */
export interface Script {
  readonly chunks: number;
  /** Characters of text in each. */
  readonly chunkLength: number;
  /**
   * - `burst`: all at once
   * - `durable`: each once the one before it is durable, so that none share a record
   * - `millisecond`: one every millisecond
   */
  readonly pace: 'burst' | 'durable' | 'millisecond';
  /** Each takes the place of the one before it: the stream grows, the task does not. */
  readonly replaces?: boolean | undefined;
}

interface Stage {
  readonly taskId: string;
  readonly contextId: string;
  readonly bus: ExecutionEventBus;
  readonly published: AgentExecutionEvent[];
  readonly end: () => void;
}

/** An agent that opens its task and then publishes what it is told to, one task at a time. */
export class ScriptedAgent implements AgentExecutor {
  readonly #opened: () => void;
  #stage: Stage | undefined;

  /** `opened` is called when a task has begun, before anything can be played on it. */
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

  /** Publishes the chunks and the final status; gives the moment of the first (monotonic ms). */
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

  /** One chunk that says when it was published. */
  publishStamped(): void {
    this.#publishChunk(stampedText(), true);
  }

  /** Bytes of the JSON of every event of the task so far, as clients get them. */
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

  /** The backend's bus tells its listeners of an event once it is durable. */
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

/** Late by a timer's resolution; what is late catches up at once. */
async function until(moment: number): Promise<void> {
  while (monotonicMs() < moment) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
