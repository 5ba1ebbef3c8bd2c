import { flush, TestClock } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Doorbell } from '../../src/doorbells/doorbell.ts';
import { encodeDoorbell } from '../../src/doorbells/doorbell-codec.ts';
import { RECOVERY_MS } from '../../src/doorbells/doorbell-health.ts';
import { DoorbellReceiver } from '../../src/doorbells/doorbell-receiver.ts';
import { DoorbellSender } from '../../src/doorbells/doorbell-sender.ts';
import { MemoryInstanceRegistry } from '../../src/memory/memory-instance-registry.ts';
import { FIRST_SLOT } from '../../src/model/slot.ts';
import { loggerOf } from '../../src/ports/logger.ts';
import { checkOf, sealOf } from '../fixtures/doorbells.ts';
import { KEY } from '../fixtures/events.ts';
import { FaultyFanout } from '../fixtures/faulty-fanout.ts';

let clock: TestClock;
let fanout: FaultyFanout;
let received: Doorbell[];
let logged: string[];
let isAttended: boolean;
let receiver: DoorbellReceiver;

const news: Doorbell = { kind: 'record', key: KEY, next: FIRST_SLOT };

beforeEach(async () => {
  clock = new TestClock();
  fanout = new FaultyFanout(new Map());
  received = [];
  logged = [];
  isAttended = true;
  const registry = new MemoryInstanceRegistry();
  await registry.register('a', 'queue-a');
  await fanout.provision('a');
  const logger = loggerOf((_, event) => logged.push(event));
  const sender = new DoorbellSender({
    instance: 'a',
    registry,
    fanout,
    keyring: { seal: sealOf() },
    logger,
  });
  receiver = new DoorbellReceiver({
    instance: 'a',
    fanout,
    keyring: { check: checkOf(), isCurrent: true },
    sender,
    clock,
    logger,
    isAttended: () => isAttended,
    onDoorbell: (doorbell) => received.push(doorbell),
  });
});

async function send(text: string): Promise<void> {
  await fanout.publish(['a'], text);
  await flush();
}

/** Calls `tick` four times a second, as an instance does. */
async function tickFor(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 250) {
    receiver.tick();
    await clock.advance(250);
  }
}

describe('messages', () => {
  test('[I2] hands over authentic doorbells only', async () => {
    receiver.listen();
    await send(encodeDoorbell(news, 1e6, sealOf()));
    await send('{"v":3,"bells":[\n["key-1","forged",{"kind":"gone","instance":"b"}]\n]}');
    expect(received).toEqual([news]);
    expect(receiver.unauthenticated).toBe(1);
  });

  test('logs messages of strangers at most once a minute', async () => {
    receiver.listen();
    for (let n = 0; n < 5; n += 1) await send('not a doorbell');
    expect(logged).toEqual(['doorbell.unauthenticated']);
    await clock.advance(60_000);
    await send('not a doorbell');
    expect(logged).toHaveLength(2);
    expect(receiver.unauthenticated).toBe(6);
  });

  test('hands over no message after the end of listening', async () => {
    receiver.listen();
    receiver.stopListening();
    await send(encodeDoorbell(news, 1e6, sealOf()));
    expect(received).toEqual([]);
    expect(receiver.view).toBeUndefined();
  });
});

describe('probes', () => {
  test('show that doorbells arrive, and are not handed over', async () => {
    receiver.listen();
    expect(receiver.healthy).toBe(false);
    await tickFor(RECOVERY_MS + 5_000);
    expect(receiver.healthy).toBe(true);
    expect(receiver.view).toMatchObject({ isReceiving: true, isLost: false });
    expect(receiver.lagMs).toBe(0);
    expect(received).toEqual([]);
  });

  test('[I6] that do not arrive show within 12 s that doorbells are lost', async () => {
    receiver.listen();
    await tickFor(20_000);
    fanout.network = () => {};
    await tickFor(12_000);
    expect(receiver.healthy).toBe(false);
    expect(receiver.view?.silentMs).toBeGreaterThan(0);
  });

  test('are not sent before listening begins', async () => {
    await tickFor(10_000);
    receiver.probe();
    expect(fanout.probes).toBe(0);
  });

  test('are seldom while the instance waits for no record', async () => {
    receiver.listen();
    isAttended = false;
    for (let second = 0; second < 60; second += 1) {
      receiver.tick();
      receiver.probe();
      await clock.advance(1_000);
    }
    expect(fanout.probes).toBe(1);
    expect(receiver.healthy).toBe(true);
  });
});
