import {
  DEFAULT_LEASE_SETTINGS,
  DEFAULT_RETENTION_MS,
  type Entropy,
  eventFromJson,
  type Fanout,
  Instance,
  MemoryInstanceRegistry,
  MemoryLogStorage,
  type Run,
  silentLogger,
  sleep,
  type TaskKey,
} from '@a2a-aws/core';
import {
  FakeAws,
  NO_FAULTS,
  randomFaults,
  SeededRandom,
  VirtualClock,
} from '@a2a-aws/testkit/fakes';
import { queueName } from '../src/index.ts';
import type { InstanceQueuesOptions } from '../src/instance-queues.ts';

const PREFIX = 'a2a';

export interface Member<F extends Fanout> {
  readonly instance: Instance;
  readonly fanout: F;
}

export const keyOf = (task: number): TaskKey => ({
  tenant: '',
  owner: 'o',
  taskId: `task-${task}`,
});

/** Instances on SNS and SQS in this process, with some delay and no faults, in virtual time. */
export class FakeFleet {
  readonly clock: VirtualClock = new VirtualClock();
  readonly aws: FakeAws;
  readonly storage: MemoryLogStorage = new MemoryLogStorage();
  readonly #registry = new MemoryInstanceRegistry();
  readonly #random = new SeededRandom(7);
  readonly #members: Member<Fanout>[] = [];
  #nonces = 0;

  constructor() {
    const plan = randomFaults(this.#random.fork(), () => NO_FAULTS);
    // A new subscription hears at once: what is late here is not late because of that.
    const faults = { ...plan, subscriptionLag: () => 0 };
    this.aws = new FakeAws({ clock: this.clock, faults });
  }

  async start<F extends Fanout>(
    make: (options: InstanceQueuesOptions & ReturnType<FakeAws['clients']>) => F,
  ): Promise<Member<F>> {
    const { clock, storage } = this;
    const entropy: Entropy = {
      id: () => String(this.#nonces++).padStart(16, '0'),
      random: () => this.#random.next(),
    };
    const logger = silentLogger;
    const fanout = make({ ...this.aws.clients(), prefix: PREFIX, clock, entropy, logger });
    await fanout.check();
    const living = (await this.#registry.leases()).map((lease) => lease.instance);
    const id = fanout.instanceId('i', entropy.id(), living);
    const settings = DEFAULT_LEASE_SETTINGS;
    const registry = this.#registry;
    const ports = { storage, registry, fanout, clock, entropy, logger, settings };
    const retentionMs = DEFAULT_RETENTION_MS;
    const about = { id, queueName: queueName(PREFIX, id), retentionMs };
    const instance = new Instance({ ...ports, ...about }, () => {});
    await instance.start();
    this.#members.push({ instance, fanout });
    return { instance, fanout };
  }

  async stop(): Promise<void> {
    await Promise.all(this.#members.map(({ instance }) => instance.stop(1_000)));
  }

  /** Publishes `events` events of a task, 50 ms apart. */
  async write({ instance }: Member<Fanout>, key: TaskKey, events: number): Promise<Run> {
    const begun = await instance.begin(key, { contextId: 'context' });
    if ('refused' in begun) throw new Error(begun.refused);
    for (let n = 0; n < events; n += 1) {
      void begun.run.publish(eventOf(key, n));
      await sleep(this.clock, 50);
    }
    await begun.run.flush();
    return begun.run;
  }

  /** Reads a task from where it is to event number `last`: their numbers, counted from there. */
  async read({ instance }: Member<Fanout>, key: TaskKey, last: number): Promise<number[]> {
    const open = instance.feed.acquire(key);
    await open.watch.hold();
    await open.log.refresh();
    open.announce();
    const generations: number[] = [];
    const from = open.log.generation;
    const { tap, close } = open.tap();
    while (from + generations.length < last) {
      const step = await tap.next();
      for (const { generation } of step?.deliveries ?? []) generations.push(generation);
    }
    close();
    open.watch.release();
    instance.feed.release(open);
    return generations.map((generation) => generation - from);
  }
}

function eventOf({ taskId }: TaskKey, n: number): ReturnType<typeof eventFromJson> {
  const contextId = 'context';
  const status = { state: 'TASK_STATE_WORKING' };
  if (n === 0) return eventFromJson({ task: { id: taskId, contextId, status } });
  const artifact = { artifactId: 'a', parts: [{ text: `${n}` }] };
  return eventFromJson({ artifactUpdate: { taskId, contextId, artifact, append: n > 1 } });
}
