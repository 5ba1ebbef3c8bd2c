import type { Task } from '@a2a-js/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROUTERS } from './fixtures/a2a-node.ts';
import { eventually, failure, Gate, soon } from './fixtures/eventually.ts';
import { Fleet } from './fixtures/fleet.ts';
import { RawStream } from './fixtures/raw-stream.ts';
import { get, send } from './fixtures/requests.ts';
import { StreamReader } from './fixtures/stream-reader.ts';
import { pictureOf, pictureOfFrames, stateName } from './fixtures/task-picture.ts';

const timeout = 90_000;
let fleet: Fleet;

beforeAll(async () => {
  fleet = await Fleet.start();
}, timeout);
afterAll(() => fleet.stop(), timeout);

describe.each(ROUTERS)('a client that leaves, over %s', (router) => {
  test('[I10] mid-stream: its tap is removed, the task completes, a subscriber on B receives all events', {
    timeout,
  }, async () => {
    const gate = new Gate();
    const text = fleet.script(async (turn) => {
      turn.task();
      turn.chunks('out', 0, 5);
      await gate.opened;
      turn.chunks('out', 5, 10);
      turn.status('COMPLETED', 'done');
    });
    const a = await fleet.a.client(router);
    const b = await fleet.b.client(router);
    const leaving = new AbortController();
    const sender = new StreamReader(a.sendMessageStream(send(text), { signal: leaving.signal }));
    const id = await sender.taskId();
    const subscriber = new StreamReader(b.resubscribeTask(get(id)));
    await subscriber.taskId();
    expect(fleet.a.backend.stats().taps).toBe(1);

    leaving.abort();
    await failure('the left stream', sender.end());
    await eventually('no tap on A', () => fleet.a.backend.stats().taps === 0);
    expect(fleet.a.backend.stats().runs).toBe(1);
    gate.open();
    await subscriber.end();

    expect(subscriber.picture).toEqual({
      id,
      state: 'COMPLETED',
      text: 'done',
      artifacts: { out: Array.from({ length: 10 }, (_, i) => `${i}`) },
    });
    expect(pictureOf(await a.getTask(get(id)))).toEqual(subscriber.picture);
    await eventually('nothing open', () =>
      fleet.nodes.every(({ backend }) => backend.stats().openLogs === 0),
    );
  });

  test('[I10] before the first event: its tap is removed, and the task completes', {
    timeout,
  }, async () => {
    const gate = new Gate();
    const text = fleet.script(async (turn) => {
      await gate.opened;
      turn.task('COMPLETED');
    });
    const a = await fleet.a.client(router);
    const b = await fleet.b.client(router);
    const started = fleet.a.agent.started.length;
    const leaving = [new AbortController(), new AbortController()] as const;
    const [stream, answer] = leaving.map(({ signal }) => signal);
    const sender = new StreamReader(
      a.sendMessageStream(send(text), { signal: stream as AbortSignal }),
    );
    const blocking = a.sendMessage(send(text), { signal: answer as AbortSignal });
    await eventually('both runs', () => fleet.a.agent.started.length === started + 2);

    for (const controller of leaving) controller.abort();
    await failure('the left stream', sender.end());
    await failure('the left send', blocking);
    await eventually('no tap on A', () => fleet.a.backend.stats().taps === 0);
    gate.open();

    for (const id of fleet.a.agent.started.slice(started)) {
      await eventually('the end of the task', async () => {
        const task = await b.getTask(get(id)).catch(() => undefined);
        return stateName(task?.status?.state) === 'COMPLETED';
      });
    }
  });

  test('[I10] a subscriber on B: its tap and its watch go', { timeout }, async () => {
    const gate = new Gate();
    const text = fleet.script(async (turn) => {
      turn.task();
      await gate.opened;
      turn.status('COMPLETED');
    });
    const a = await fleet.a.client(router);
    const b = await fleet.b.client(router);
    const { id } = (await a.sendMessage(send(text, { returnImmediately: true }))) as Task;
    const leaving = new AbortController();
    const subscriber = new StreamReader(b.resubscribeTask(get(id), { signal: leaving.signal }));
    await subscriber.taskId();

    leaving.abort();

    await eventually('nothing open on B', () => {
      const { taps, openLogs } = fleet.b.backend.stats();
      return taps === 0 && openLogs === 0;
    });
    gate.open();
  });
});

test('[I8] a stuck reader holds up neither the executor nor another reader', {
  timeout,
}, async () => {
  const CHUNKS = 200;
  const gate = new Gate();
  const text = fleet.script(async (turn) => {
    turn.task();
    await gate.opened;
    turn.chunks('out', 0, CHUNKS, (i) => `${i}:${'x'.repeat(100_000)}`);
    turn.status('COMPLETED', 'done');
  });
  const a = await fleet.a.client();
  const b = await fleet.b.client();
  const sender = new StreamReader(a.sendMessageStream(send(text)));
  const id = await sender.taskId();
  const stuck = await Promise.all([
    RawStream.subscribe(fleet.a.url, id),
    RawStream.subscribe(fleet.b.url, id),
  ]);
  const subscriber = new StreamReader(b.resubscribeTask(get(id)));
  await subscriber.taskId();
  gate.open();

  await Promise.all([sender.end(), subscriber.end()]);
  await eventually('the run to end', () => fleet.a.backend.stats().runs === 0);

  const whole = Array.from({ length: CHUNKS }, (_, i) => `${i}`);
  const seen = (frames: Parameters<typeof pictureOfFrames>[0]) =>
    pictureOfFrames(frames)?.artifacts.out?.map((chunk) => chunk.split(':')[0]);
  expect(seen(sender.frames)).toEqual(whole);
  expect(seen(subscriber.frames)).toEqual(whole);
  // They are indeed stuck: their taps are open, and most of it was not sent.
  for (const reader of stuck) expect(reader.bytesRead).toBeLessThan(CHUNKS * 100_000 * 0.8);
  await expect
    .poll(() => [fleet.a, fleet.b].map(({ backend }) => backend.stats().taps))
    .toEqual([1, 1]);

  // A client that reads on gets everything, at its own pace, from the log.
  for (const reader of stuck) {
    const frames = await soon('the rest', reader.readAll());
    expect(seen(frames)).toEqual(whole);
    expect(pictureOfFrames(frames)?.state).toBe('COMPLETED');
  }
  await eventually('no taps', () => fleet.nodes.every(({ backend }) => backend.stats().taps === 0));
});
