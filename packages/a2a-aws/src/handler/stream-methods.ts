import {
  firstEventGeneration,
  type Instance,
  type OpenLog,
  runResult,
} from '@a2a-aws/core/internal';
import {
  type AgentCard,
  type SendMessageRequest,
  type StreamResponse,
  type SubscribeToTaskRequest,
  TaskState,
} from '@a2a-js/sdk';
import { TaskNotFoundError, UnsupportedOperationError } from '@a2a-js/sdk/errors';
import type { ServerCallContext } from '@a2a-js/sdk/server';
import { type Connection, connectionOf } from '../connections/connection.ts';
import type { RunStarter } from '../runs/run-starter.ts';
import type { Parts } from '../streams/flat-stream.ts';
import type { Frame } from '../streams/frame.ts';
import { resumeCursor } from '../streams/last-event-id.ts';
import { isActive, Presenter } from '../streams/presenter.ts';
import { resumedStream } from '../streams/resumed-stream.ts';
import { beforeNextRecord, type StreamPosition } from '../streams/stream-position.ts';
import type { StreamOptions } from '../streams/stream-reader.ts';
import { assertOpen, runStream, subscriberStream } from '../streams/task-stream.ts';
import type { HandlerDeps } from './handler-deps.ts';
import { interruption } from './interruption.ts';
import type { TaskReader } from './task-reader.ts';

type Responses = Parts<StreamResponse>;

/** The two methods whose answers are streams. */
export class StreamMethods {
  readonly #card: AgentCard;
  readonly #deps: HandlerDeps;
  readonly #tasks: TaskReader;
  readonly #starter: RunStarter;

  constructor(card: AgentCard, deps: HandlerDeps, tasks: TaskReader, starter: RunStarter) {
    this.#card = card;
    this.#deps = deps;
    this.#tasks = tasks;
    this.#starter = starter;
  }

  async *send(params: SendMessageRequest, context: ServerCallContext): Responses {
    this.#assertStreaming();
    const connection = connectionOf(context);
    connection?.expectStream();
    const { open, run, instance, release } = await this.#starter.start(params, context);
    try {
      const { key, state } = open.log;
      const presenter = new Presenter(key, context, connection);
      const sender = { run, phase: 'waiting', state: TaskState.TASK_STATE_UNSPECIFIED } as const;
      const start = { ...beforeNextRecord(open), sender };
      const cursor = presenter.cursor(start);
      connection?.establishStream({ taskId: key.taskId, cursor });
      const options = {
        ...this.#options(instance, connection),
        historyLength: params.configuration?.historyLength,
      };
      const hasBegun = firstEventGeneration(state, run) ?? runResult(state, run)?.generation;
      // A message that was sent again. The client of the extension gets the events that it missed.
      const frames =
        hasBegun !== undefined && isActive(context)
          ? this.#resumed(open, start, { ...options, endsWithRun: true }, async () => {})
          : runStream(open, run, options);
      for await (const part of frames) yield presenter.present(part);
    } finally {
      release();
    }
  }

  async *subscribe(params: SubscribeToTaskRequest, context: ServerCallContext): Responses {
    this.#assertStreaming();
    const connection = connectionOf(context);
    connection?.expectStream();
    const instance = this.#deps.instance();
    instance.assertReady();
    const key = this.#tasks.key(params.id, context);
    const presenter = new Presenter(key, context, connection);
    const cursor = resumeCursor(context, connection);
    const position = cursor === undefined ? undefined : presenter.position(cursor);
    const open = instance.logs.acquire(key);
    const leave = instance.countReader();
    const following = new Following(open, open.watchId);
    const followed = async (): Promise<void> => {
      await following.begin();
      connection?.establishStream();
    };
    try {
      await open.log.refresh();
      assertVisible(open, position);
      const options = this.#options(instance, connection);
      const frames = position
        ? this.#resumed(open, position, options, followed)
        : fromNow(open, options, followed);
      for await (const part of frames) yield presenter.present(part);
      if (!presenter.hasPresented) connection?.endEmpty();
    } finally {
      following.end();
      instance.logs.release(open);
      leave();
    }
  }

  #resumed(
    open: OpenLog,
    position: StreamPosition,
    options: StreamOptions & { readonly endsWithRun?: boolean },
    followed: () => Promise<void>,
  ): Parts<Frame> {
    return resumedStream(open, position, { ...options, storage: this.#deps.storage, followed });
  }

  #options(instance: Instance, connection: Connection | undefined): StreamOptions {
    return {
      left: connection?.left,
      away: instance.handoffSignal,
      interrupted: () => interruption(instance),
      drained: () => connection?.drained() ?? Promise.resolve(),
    };
  }

  #assertStreaming(): void {
    if (!this.#card.capabilities?.streaming) {
      throw new UnsupportedOperationError('The agent does not stream.');
    }
  }
}

/** Begins with the task as it is once doorbells keep the log current. */
async function* fromNow(
  open: OpenLog,
  options: StreamOptions,
  followed: () => Promise<void>,
): Parts<Frame> {
  assertOpen(open);
  await followed();
  assertVisible(open, undefined);
  yield* subscriberStream(open, options);
}

/** A task becomes visible with its first Task; the sender of its message can subscribe before. */
function assertVisible({ log }: OpenLog, position: StreamPosition | undefined): void {
  const run = position?.sender?.run;
  const isExpected = run !== undefined && log.state.runs.has(run);
  if (log.isExpired() || !(log.state.hasTask || isExpected)) throw new TaskNotFoundError();
}

/** The watch of one stream on a log. It begins when the stream first waits for a record, or before. */
class Following {
  readonly #open: OpenLog;
  readonly #readUnder: string | undefined;
  #unfollow: Promise<() => void> | undefined;

  /** `readUnder`: see {@link OpenLog.follow}. */
  constructor(open: OpenLog, readUnder: string | undefined) {
    this.#open = open;
    this.#readUnder = readUnder;
  }

  /** Resolves when doorbells keep the log current. */
  async begin(): Promise<void> {
    this.#unfollow ??= this.#open.follow(this.#readUnder);
    await this.#unfollow;
  }

  end(): void {
    this.#unfollow?.then(
      (unfollow) => unfollow(),
      () => {},
    );
  }
}
