import type { Clock } from '@a2a-aws/core';
import { sleep } from '@a2a-aws/core/internal';
import type { SeededRandom } from '@a2a-aws/testkit/fakes';
import { Message, Task, TaskArtifactUpdateEvent, TaskStatusUpdateEvent } from '@a2a-js/sdk';
import {
  AgentEvent,
  type AgentExecutionEvent,
  type AgentExecutor,
  type ExecutionEventBus,
  type RequestContext,
} from '@a2a-js/sdk/server';
import { runContext } from 'a2a-aws';
import type { Script } from './script.ts';

/** One execution, as the agent saw it. */
export interface Execution {
  readonly process: string;
  readonly taskId: string;
  readonly messageId: string;
  /** How often it was told to stop. */
  stops: number;
  done: boolean;
  /** When it published each event, by the clock of its process; milliseconds. */
  readonly publishedAtMs: number[];
  /** Its flush: the number of events before it, and how long it took in milliseconds. */
  flushed?: { readonly events: number; readonly tookMs: number };
}

/**
 * An agent that follows the script in its message, and records its executions. Unlike the agent of the
 * tests, it takes times and ids from the process and the seed, so that a seed repeats its schedule.
 */
export class SimulatedAgent implements AgentExecutor {
  readonly #process: string;
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #executions: Execution[];
  readonly #stops = new Map<string, { execution: Execution; stop: AbortController }[]>();

  /** `executions` holds those of all agents of a schedule; this agent adds its own. */
  constructor(process: string, clock: Clock, random: SeededRandom, executions: Execution[]) {
    this.#process = process;
    this.#clock = clock;
    this.#random = random;
    this.#executions = executions;
  }

  readonly execute = async (context: RequestContext, bus: ExecutionEventBus): Promise<void> => {
    const { taskId, userMessage } = context;
    const { messageId } = userMessage;
    const execution: Execution = {
      process: this.#process,
      taskId,
      messageId,
      stops: 0,
      done: false,
      publishedAtMs: [],
    };
    const number = this.#executions.push(execution);
    const stop = new AbortController();
    const running = this.#stops.get(taskId) ?? [];
    this.#stops.set(taskId, running);
    running.push({ execution, stop });
    try {
      const script = scriptOf(userMessage);
      const noted = this.#noting(bus, execution);
      const flush = (): Promise<void> => this.#flush(context, execution);
      const name = `${messageId}.${number}`;
      await this.#play(script, name, context, noted, stop.signal, flush);
      if (script.lingersMs) await sleep(this.#clock, script.lingersMs);
    } finally {
      execution.done = true;
      running.splice(
        running.findIndex((one) => one.execution === execution),
        1,
      );
    }
  };

  readonly cancelTask = async (taskId: string): Promise<void> => {
    for (const { execution, stop } of this.#stops.get(taskId) ?? []) {
      execution.stops += 1;
      stop.abort();
    }
  };

  /** Returns a bus that notes when events are published. */
  #noting(
    bus: ExecutionEventBus,
    { publishedAtMs }: Execution,
  ): Pick<ExecutionEventBus, 'publish'> {
    return {
      publish: (event) => {
        publishedAtMs.push(this.#clock.now());
        bus.publish(event);
      },
    };
  }

  async #flush(context: RequestContext, execution: Execution): Promise<void> {
    const began = this.#clock.now();
    const events = execution.publishedAtMs.length;
    await runContext(context)?.flush();
    execution.flushed = { events, tookMs: this.#clock.now() - began };
  }

  #padding({ padding, dense }: Script): string {
    if (!dense) return 'x'.repeat(padding);
    const bytes = Buffer.alloc(Math.floor((padding * 3) / 4));
    for (let at = 0; at < bytes.length; at += 1) bytes[at] = this.#random.whole(0, 255);
    return bytes.toString('base64');
  }

  async #play(
    script: Script,
    name: string,
    context: RequestContext,
    bus: Pick<ExecutionEventBus, 'publish'>,
    stopped: AbortSignal,
    flush: () => Promise<void>,
  ): Promise<void> {
    const says = new Phrases(name, context, this.#clock);
    const hears = script.deaf ? undefined : stopped;
    if (script.task && !context.task) bus.publish(says.task());
    else if (script.chunks > 0) bus.publish(says.status('WORKING'));
    for (let n = 0; n < script.chunks; n += 1) {
      const ms = script.gapMs === 0 ? 0 : this.#random.whole(0, script.gapMs);
      if (ms > 0) await sleep(this.#clock, ms, hears);
      if (hears?.aborted) {
        bus.publish(says.status('CANCELED'));
        return;
      }
      bus.publish(says.chunk(this.#padding(script), script.replaces ? false : n > 0));
      if (script.flushes && n === Math.floor(script.chunks / 2)) await flush();
    }
    switch (script.ending) {
      case 'MESSAGE':
        bus.publish(says.message());
        return;
      case 'SILENT':
        return;
      case 'THROWS':
        throw new Error('The agent throws, as it was told to.');
      case 'AUTH_THEN_HANGS':
        bus.publish(says.status('AUTH_REQUIRED'));
        await told(stopped);
        if (!script.deaf) bus.publish(says.status('CANCELED'));
        return;
      case 'HANGS':
        await told(stopped);
        if (!script.deaf) bus.publish(says.status('CANCELED'));
        return;
      case 'AUTH_THEN_COMPLETED':
        bus.publish(says.status('AUTH_REQUIRED'));
        await sleep(this.#clock, this.#random.whole(0, 3_000), hears);
        bus.publish(says.status(hears?.aborted ? 'CANCELED' : 'COMPLETED'));
        return;
      default:
        bus.publish(says.status(script.ending));
    }
  }
}

function told(stopped: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stopped.aborted) resolve();
    stopped.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Publishes the events of an execution. Each event has text that no other event has. */
class Phrases {
  readonly #name: string;
  readonly #context: RequestContext;
  readonly #clock: Clock;
  #count = 0;

  constructor(name: string, context: RequestContext, clock: Clock) {
    this.#name = name;
    this.#context = context;
    this.#clock = clock;
  }

  task(): AgentExecutionEvent {
    const { taskId, contextId, userMessage } = this.#context;
    return AgentEvent.task(
      Task.fromJSON({
        id: taskId,
        contextId,
        status: this.#status('WORKING'),
        history: [Message.toJSON(userMessage)],
      }),
    );
  }

  status(state: string): AgentExecutionEvent {
    return AgentEvent.statusUpdate(
      TaskStatusUpdateEvent.fromJSON({ ...this.#ids(), status: this.#status(state) }),
    );
  }

  chunk(padding: string, append: boolean): AgentExecutionEvent {
    const parts = [{ text: `${this.#words()}${padding}` }];
    return AgentEvent.artifactUpdate(
      TaskArtifactUpdateEvent.fromJSON({
        ...this.#ids(),
        artifact: { artifactId: `artifact-${this.#name}`, parts },
        append,
      }),
    );
  }

  message(): AgentExecutionEvent {
    return AgentEvent.message(Message.fromJSON(this.#message()));
  }

  #status(state: string): unknown {
    return {
      state: `TASK_STATE_${state}`,
      timestamp: new Date(this.#clock.now()).toISOString(),
      message: this.#message(),
    };
  }

  #message(): unknown {
    const words = this.#words();
    return { messageId: words, ...this.#ids(), role: 'ROLE_AGENT', parts: [{ text: words }] };
  }

  #ids(): { taskId: string; contextId: string } {
    const { taskId, contextId } = this.#context;
    return { taskId, contextId };
  }

  #words(): string {
    return `${this.#name}.${this.#count++}`;
  }
}

function scriptOf(message: Message): Script {
  const content = message.parts[0]?.content;
  return JSON.parse(content?.$case === 'text' ? content.value : '') as Script;
}
