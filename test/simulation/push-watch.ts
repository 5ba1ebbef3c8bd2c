import type { TaskEvent } from '@a2a-aws/core';
import { eventToJson, sleep } from '@a2a-aws/core/internal';
import type { SimulatedProcess } from '@a2a-aws/testkit/fakes';
import type { StreamResponse } from '@a2a-js/sdk';
import type { BackendPorts } from '../../packages/a2a-aws/src/backend-ports.ts';
import type { ExpectedTask, Violate } from './expected-task.ts';

type SimulatedWebhooks = NonNullable<BackendPorts['webhooks']>;
type Outcome = Awaited<ReturnType<SimulatedWebhooks['post']>>;

/** How a receiver behaves at one attempt. */
export interface ReceiverMood {
  /** How long it takes; milliseconds. */
  readonly ms: number;
  /** `lost`: it accepts the event, and the answer is lost. */
  readonly answer: 'accepts' | 'fails' | 'lost';
}

export interface PushWatchDeps {
  readonly tasks: () => Iterable<ExpectedTask>;
  readonly violate: Violate;
  /** Returns the mood of a receiver at its next attempt. */
  readonly mood: () => ReceiverMood;
}

/** The events that one configuration has accepted. */
interface Receiver {
  /** The generation of each event, by its id. */
  readonly ids: Map<string, number>;
  /** Generations, in the order of the first acceptance. */
  readonly accepted: number[];
}

/**
 * The receivers of push notifications. Checks that each configuration gets only durable events from
 * after its creation, in order, and that repeats have the same id.
 */
export class PushWatch {
  readonly #deps: PushWatchDeps;
  readonly #receivers = new Map<string, Receiver>();

  constructor(deps: PushWatchDeps) {
    this.#deps = deps;
  }

  /** The webhooks as one process reaches them. */
  webhooks(process: SimulatedProcess): SimulatedWebhooks {
    return {
      close: () => {},
      post: async ({ config, event, id }) => {
        const { ms, answer } = this.#deps.mood();
        await sleep(process.clock, ms / 2);
        // A request that a process has sent arrives, even if the process dies then.
        if (process.isCrashed) return FAILED;
        if (answer === 'fails') {
          await sleep(process.clock, ms / 2);
          return FAILED;
        }
        this.#onAccepted(config, event, id);
        await sleep(process.clock, ms / 2);
        return answer === 'lost' ? FAILED : { kind: 'delivered' };
      },
    };
  }

  /** Checks that every configuration has accepted every event since its creation. */
  checkEnd(violate: Violate = this.#deps.violate): void {
    for (const task of this.#deps.tasks()) {
      for (const [config, since] of configsOf(task)) {
        const { accepted = [] } = this.#receivers.get(nameOf(task.name, config)) ?? {};
        const due = task.events.map((_, at) => at + 1).filter((generation) => generation > since);
        if (JSON.stringify(accepted) === JSON.stringify(due)) continue;
        const text = `of the events ${due}, the receiver has accepted ${accepted}`;
        violate('push', `${task.name}: ${text}`);
      }
    }
  }

  #onAccepted(config: { taskId: string; id: string }, event: StreamResponse, id: string): void {
    const { violate } = this.#deps;
    const { payload } = event;
    const task = [...this.#deps.tasks()].find(({ name }) => name.endsWith(`#${config.taskId}`));
    if (!payload || payload.$case === 'message') return;
    const text = JSON.stringify(
      eventToJson({ kind: payload.$case, data: payload.value } as TaskEvent),
    );
    const generation = (task?.events.indexOf(text) ?? -1) + 1;
    if (!task || generation === 0) {
      violate('I2', `${config.taskId}: pushed what is not durable: ${text.slice(0, 200)}`);
      return;
    }
    const since = configsOf(task).get(config.id);
    if (since === undefined || generation <= since) {
      violate('push', `${task.name}: event ${generation} is from before the configuration`);
    }
    const name = nameOf(task.name, config.id);
    const receiver: Receiver = this.#receivers.get(name) ?? { ids: new Map(), accepted: [] };
    this.#receivers.set(name, receiver);
    const before = receiver.ids.get(id);
    if (before === generation) return;
    if (before !== undefined) violate('push', `${task.name}: two events have the id ${id}`);
    if (generation <= (receiver.accepted.at(-1) ?? 0)) {
      violate('push', `${task.name}: event ${generation} after ${receiver.accepted}`);
    }
    receiver.ids.set(id, generation);
    receiver.accepted.push(generation);
  }
}

const FAILED: Outcome = { kind: 'retry', reason: 'http-503' };

function nameOf(task: string, config: string): string {
  return `${task} ${config}`;
}

/** Returns the generation after which each configuration of a task receives events. */
function configsOf({ records }: ExpectedTask): Map<string, number> {
  const since = new Map<string, number>();
  for (const { slot, entries } of records) {
    let generation: number = slot.generation;
    for (const entry of entries) {
      if (entry.kind === 'event') generation += 1;
      if (entry.kind !== 'push') continue;
      if (!entry.terms) since.delete(entry.config);
      else if (!since.has(entry.config)) since.set(entry.config, generation - 1);
    }
  }
  return since;
}
