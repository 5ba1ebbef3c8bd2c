import { tableDefinition } from '@a2a-aws/dynamodb';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  ConnectionLost,
  FakeAws,
  type OnPoint,
  SeededRandom,
  SimulatedProcess,
  steady,
  VirtualClock,
} from '../../src/fakes/index.ts';

let clock: VirtualClock;
let aws: FakeAws;
let process: SimulatedProcess;
let onPoint: OnPoint;

beforeEach(() => {
  clock = new VirtualClock();
  const faults = steady({ dynamodb: 100 });
  aws = new FakeAws({ clock, faults, tables: [tableDefinition('fake')] });
  onPoint = () => {};
  process = new SimulatedProcess({
    name: 'a',
    clock,
    random: new SeededRandom(1),
    clients: aws.clients('a'),
    skewMs: 60_000,
    onPoint: (...at) => onPoint(...at),
  });
});

/** The answer to a write, as the process got it. */
function write(): { told: unknown } {
  const outcome: { told: unknown } = { told: 'nothing' };
  const command = new PutCommand({ TableName: 'fake', Item: { pk: 'p', sk: 's' } });
  process.clients.dynamodb.send(command).then(
    () => {
      outcome.told = 'done';
    },
    (error: unknown) => {
      outcome.told = error;
    },
  );
  return outcome;
}

const stored = (): number => [...aws.dynamodb.items()].length;

describe('a crash', () => {
  test('before a call: it is never made', async () => {
    onPoint = (at, point) => point === 'before' && at.crash();
    const outcome = write();
    await clock.advance(60_000);
    expect([stored(), outcome.told]).toEqual([0, 'nothing']);
  });

  test('after a call: the call was executed, and its answer is lost', async () => {
    onPoint = (at, point) => point === 'after' && at.crash();
    const outcome = write();
    await clock.advance(60_000);
    expect([stored(), outcome.told]).toEqual([1, 'nothing']);
  });

  test('ends timers, and breaks connections of clients a little later', async () => {
    let rang = false;
    process.clock.after(1_000, () => {
      rang = true;
    });
    const request = process.request(() => new Promise(() => {}));
    process.crash();
    await expect(clock.run(request)).rejects.toBeInstanceOf(ConnectionLost);
    await clock.advance(10_000);
    expect(rang).toBe(false);
  });
});

describe('a pause', () => {
  test('holds back timers, answers and requests, but not calls in flight', async () => {
    const heard: string[] = [];
    const outcome = write();
    await clock.advance(10);
    process.clock.after(1_000, () => heard.push('timer'));
    process.pause(30_000);
    void process.request(async () => heard.push('request'));
    await clock.advance(29_000);
    expect([stored(), outcome.told, heard]).toEqual([1, 'nothing', []]);
    await clock.advance(2_000);
    expect([outcome.told, heard.toSorted()]).toEqual(['done', ['request', 'timer']]);
  });

  test('before a call: the call is made when the process continues', async () => {
    onPoint = (at, point) => point === 'before' && at.pause(45_000);
    write();
    await clock.advance(44_000);
    expect(stored()).toBe(0);
    await clock.advance(2_000);
    expect(stored()).toBe(1);
  });
});

test('its wall clock is its own, and may be set; timers do not care', async () => {
  const began = process.clock.now();
  expect(began).toBe(clock.now() + 60_000);
  let rang = false;
  process.clock.after(1_000, () => {
    rang = true;
  });
  process.jump(-3_600_000);
  expect(process.clock.now()).toBe(began - 3_600_000);
  await clock.advance(1_000);
  expect(rang).toBe(true);
});

test('a stream ends with its process, and notices a client that leaves', async () => {
  let left = false;
  async function* count(): AsyncGenerator<number, void, undefined> {
    try {
      for (let n = 0; ; n += 1) yield n;
    } finally {
      left = true;
    }
  }
  for await (const n of process.stream(count)) if (n === 2) break;
  await clock.advance(1);
  expect(left).toBe(true);
  const frames = process.stream(count);
  await frames.next();
  process.crash();
  await clock.advance(300);
  await expect(frames.next()).rejects.toBeInstanceOf(ConnectionLost);
});
