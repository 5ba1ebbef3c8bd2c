import { TestClock } from '@a2a-aws/testkit/fakes';
import { beforeEach, expect, test } from 'vitest';
import type { TaskLog } from '../../src/log/task-log.ts';
import { say } from '../fixtures/author.ts';
import { chunkOf, KEY } from '../fixtures/events.ts';
import { taskLog, workingLog } from '../fixtures/task-logs.ts';
import { WrappedStorage } from '../fixtures/wrapped-storage.ts';

/** Several records fill a slice, and the log has several slices. */
const CHUNK = 'x'.repeat(20_000);
const RECORDS = 40;

let storage: WrappedStorage;
let clock: TestClock;
let writer: TaskLog;
let reader: TaskLog;

beforeEach(async () => {
  storage = new WrappedStorage();
  clock = new TestClock();
  writer = await workingLog(storage, clock);
  reader = taskLog(storage, clock, 'b');
});

const write = async (records = RECORDS): Promise<void> => {
  for (let n = 0; n < records; n += 1) {
    await say(writer, 'r', chunkOf('a', CHUNK, { append: n > 0 }));
  }
};

/** Starts a read, and resolves between two of its slices. */
const betweenSlices = async (): Promise<{ readonly done: Promise<void> }> => {
  const before = reader.generation;
  const done = reader.refresh(false);
  while (reader.generation === before) await new Promise((resolve) => setImmediate(resolve));
  expect(reader.generation).toBeLessThan(writer.generation);
  return { done };
};

/** The generations of the steps that the reader's listeners see from now on. */
const seen = (): number[] => {
  const generations: number[] = [];
  reader.listen(({ deliveries }) => {
    for (const { generation } of deliveries) generations.push(generation);
  });
  return generations;
};

const expectSame = (generations: readonly number[], from: number): void => {
  expect(reader.state).toEqual(writer.state);
  expect(reader.task()).toEqual(writer.task());
  expect(generations).toEqual(
    Array.from({ length: writer.generation - from }, (_, n) => from + n + 1),
  );
};

test('[I3] records that a doorbell brings between two slices of a read are folded once', async () => {
  await reader.refresh();
  const from = reader.generation;
  const generations = seen();
  await write();
  const { done } = await betweenSlices();
  const next = (await storage.records(KEY)).filter(
    ({ slot }) => slot.generation > reader.generation,
  );
  expect(next.length).toBeGreaterThan(3);
  for (const record of next.slice(0, 3)) expect(reader.absorb(record)).toBe(true);
  await done;
  expectSame(generations, from);
});

test.each([
  ['that goes on from what is known', true],
  ['of the whole log', false],
])(
  '[I1] an append between two slices of a read %s is decided on all that was there',
  async (_, wasRead) => {
    if (wasRead) await reader.refresh();
    const from = reader.generation;
    const generations = seen();
    await write();
    const { done } = await betweenSlices();
    const appended = say(reader, 'r', chunkOf('b', 'last'));
    await write(3);
    await done;
    expect(await appended).toHaveProperty('appended');
    await writer.refresh();
    await reader.refresh();
    expectSame(generations, from);
  },
);
