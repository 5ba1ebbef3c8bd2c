import { systemClock } from '@a2a-aws/core';
import type { SendMessageRequest, Task } from '@a2a-js/sdk';
import type { A2ARequestHandler } from '@a2a-js/sdk/server';
import type { Backend, Clock } from 'a2a-aws';
import { afterEach, expect, test } from 'vitest';
import { eventually, failure, Gate, pause, soon } from './fixtures/eventually.ts';
import { FakeDeployment } from './fixtures/fake-deployment.ts';
import { callContext, cancel, get, send } from './fixtures/requests.ts';
import type { Script } from './fixtures/scripted-agent.ts';
import { pictureOf } from './fixtures/task-picture.ts';

/** This machine's clock, as timers of a real clock keep a process alive. It counts those that are set. */
class CountedClock implements Clock {
  readonly #set = new Set<symbol>();

  get pending(): number {
    return this.#set.size;
  }

  now(): number {
    return systemClock.now();
  }

  after(ms: number, callback: () => void): () => void {
    const timer = Symbol();
    this.#set.add(timer);
    const unset = systemClock.after(ms, () => {
      this.#set.delete(timer);
      callback();
    });
    return () => {
      this.#set.delete(timer);
      unset();
    };
  }
}

const deployment = new FakeDeployment('stopped', { clock: systemClock });
const started: Backend[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((backend) => backend.stop({ drainMs: 0 })));
});

/** A message that asks the agent to do this. */
function saying(script: Script): SendMessageRequest {
  return send(deployment.scripts.add(script));
}

/** Instances a and b on an AWS in this process, started. */
async function instances() {
  const start = async (name: string) => {
    const clock = new CountedClock();
    const clients = deployment.aws.clients(name);
    const server = deployment.server(name, deployment.options({ clients, clock }));
    await server.backend.start();
    started.push(server.backend);
    return { ...server, clock };
  };
  return { a: await start('a'), b: await start('b') };
}

/** The task as the handler has it, if it has it. */
async function task(handler: A2ARequestHandler, id = ''): Promise<Task | undefined> {
  return handler.getTask(get(id), callContext()).catch(() => undefined);
}

/** Adds the items of a stream to `items`, until its end. */
async function all<T>(stream: AsyncIterable<T>, items: T[] = []): Promise<T[]> {
  for await (const item of stream) items.push(item);
  return items;
}

test('[I7] a backend without open tasks has no timer when it has stopped', async () => {
  const { a } = await instances();
  await a.handler.sendMessage(
    saying((turn) => turn.task('COMPLETED')),
    callContext(),
  );
  expect(a.clock.pending).toBeGreaterThan(0);
  await a.backend.stop();
  expect(a.clock.pending).toBe(0);
});

test('[I6] [I7] nor has one that stops in the middle of its work: all waiting callers are sent away', async () => {
  const { a, b } = await instances();
  const hangs = saying(async (turn) => {
    turn.task();
    await turn.untilCanceled();
    await new Promise(() => {});
  });
  const first = a.handler.sendMessage(hangs, callContext());
  const { id } = await eventually('the task', () => task(b.handler, a.agent.started[0]));
  const again = b.handler.sendMessage(hangs, callContext());
  const frames: unknown[] = [];
  const subscriber = all(b.handler.resubscribe(get(id), callContext()), frames);
  await eventually('their taps', () => b.backend.stats().taps === 2);
  const canceled = b.handler.cancelTask(cancel(id), callContext());
  await eventually('the wish', () => a.agent.canceled.includes(id));

  await b.backend.stop({ drainMs: 0 });
  expect(b.clock.pending).toBe(0);
  for (const refused of [again, canceled, subscriber]) {
    expect((await failure('a call', refused)).message).toMatch(/Try again/);
  }
  expect(frames).not.toHaveLength(0);

  await a.backend.stop({ drainMs: 0 });
  expect(a.clock.pending).toBe(0);
  // Its run ends, and it reports this before it stops.
  expect(pictureOf((await soon('the send', first)) as Task)).toMatchObject({ state: 'CANCELED' });
});

test('[I6] a stop may give runs all the time that they need', async () => {
  const { a } = await instances();
  const gate = new Gate();
  const sent = a.handler.sendMessage(
    saying(async (turn) => {
      turn.task();
      await gate.opened;
      turn.status('COMPLETED');
    }),
    callContext(),
  );
  await eventually('the run', () => a.backend.stats().runs === 1);
  const stopped = a.backend.stop({ drainMs: Number.POSITIVE_INFINITY });
  // Longer than any delay of a timer of that length.
  await pause(50);
  gate.open();
  await soon('the stop', stopped);
  expect(pictureOf((await sent) as Task)).toMatchObject({ state: 'COMPLETED' });
});
