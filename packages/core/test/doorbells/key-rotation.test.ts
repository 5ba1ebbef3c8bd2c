import { flush, seededEntropy, TestClock } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import { checkSeal, sealer } from '../../src/doorbells/doorbell-seal.ts';
import { KEYS_KNOWN_MS, rotateKeys } from '../../src/doorbells/key-rotation.ts';
import { Keyring } from '../../src/doorbells/keyring.ts';
import { MemoryInstanceRegistry } from '../../src/memory/memory-instance-registry.ts';
import { type FleetKeySet, newFleetKey } from '../../src/ports/fleet-keys.ts';
import { silentLogger } from '../../src/ports/logger.ts';
import { say } from '../fixtures/author.ts';
import { chunkOf, taskOf, WORKING } from '../fixtures/events.ts';
import {
  drain,
  generationsOf,
  OpenLogsFleet,
  openRun,
  openTap,
} from '../fixtures/open-logs-fleet.ts';

let clock: TestClock;
let registry: MemoryInstanceRegistry;

const entropy = seededEntropy('operator');
const stored = (): Promise<FleetKeySet> => registry.doorbellKeys(() => newFleetKey(entropy));
const serials = async (): Promise<number[]> => (await stored()).keys.map(({ serial }) => serial);
const rotate = (signal = new AbortController().signal): Promise<void> =>
  rotateKeys({ keys: registry, clock, entropy, signal });

beforeEach(async () => {
  clock = new TestClock();
  registry = new MemoryInstanceRegistry();
  await stored();
});

describe('a rotation of the keys', () => {
  test('adds the new key for verifying, then for signing, then removes the old key', async () => {
    const done = rotate();
    const seen = [await serials()];
    for (let n = 0; n < 3; n += 1) {
      await clock.advance(KEYS_KNOWN_MS - 1);
      seen.push(await serials());
      await clock.advance(1);
    }
    await done;
    seen.push(await serials());
    expect(seen).toEqual([[1], [1, 2], [2, 1], [2], [2]]);
  });

  test('is completed by the next rotation, wherever it was stopped', async () => {
    for (const stopsAt of [0, 1, KEYS_KNOWN_MS - 1, KEYS_KNOWN_MS + 1, 2 * KEYS_KNOWN_MS - 1]) {
      clock = new TestClock();
      registry = new MemoryInstanceRegistry();
      await stored();
      const stop = new AbortController();
      const first = rotate(stop.signal).catch((error: unknown) => error);
      await clock.advance(stopsAt);
      stop.abort();
      expect(await first).toMatchObject({ code: 'draining' });
      const second = rotate();
      await clock.advance(2 * KEYS_KNOWN_MS + 1);
      await second;
      expect(await serials(), `stopped after ${stopsAt} ms`).toEqual([2]);
    }
  });

  test('by two operators at once is one rotation', async () => {
    const both = [rotate()];
    await clock.advance(KEYS_KNOWN_MS / 2);
    both.push(rotate());
    await clock.advance(3 * KEYS_KNOWN_MS);
    await Promise.all(both);
    expect(await serials()).toEqual([2]);
  });

  test('never makes two instances refuse each other', async () => {
    const rings = Array.from({ length: 3 }, () => {
      const signal = new AbortController().signal;
      return new Keyring({ registry, clock, entropy, logger: silentLogger, signal });
    });
    for (const ring of rings) {
      await ring.read();
      void ring.readUntilStopped();
      // The instances read at different times.
      await clock.advance(20_000);
    }
    const done = rotate();
    for (let passed = 0; passed < 3 * KEYS_KNOWN_MS; passed += 5_000) {
      for (const { seal } of rings) {
        const made = seal?.('text') ?? { key: '', mac: '' };
        for (const other of rings) expect(other.check(made, 'text')).toBe('authentic');
      }
      await clock.advance(5_000);
    }
    await done;
    expect(await serials()).toEqual([2]);
  });

  test('ends the old key', async () => {
    const before = await stored();
    const done = rotate();
    await clock.advance(3 * KEYS_KNOWN_MS);
    await done;
    const seal = sealer(before)?.('text') ?? { key: '', mac: '' };
    expect(checkSeal(await stored(), seal, 'text')).toBe('unknown-key');
  });

  test('ends the old key on an instance with its next read of the keys, not before', async () => {
    const { signal } = new AbortController();
    const ring = new Keyring({ registry, clock, entropy, logger: silentLogger, signal });
    await ring.read();
    const old = sealer(await stored())?.('text') ?? { key: '', mac: '' };
    const done = rotate();
    await clock.advance(3 * KEYS_KNOWN_MS);
    await done;
    expect(ring.check(old, 'text')).toBe('authentic');
    await ring.read();
    expect(ring.check(old, 'text')).toBe('unknown-key');
  });

  test('[I3] [I6] under traffic costs no doorbell', async () => {
    const fleet = new OpenLogsFleet();
    const [writer, reader] = [await fleet.peer('a'), await fleet.peer('b')];
    const run = await openRun(writer);
    await say(run.log, 'run-a', taskOf(WORKING));
    const steps = drain((await openTap(reader)).tap);
    await fleet.clock.advance(30_000);
    const { signal } = new AbortController();
    const done = rotateKeys({ keys: fleet.registry, clock: fleet.clock, entropy, signal });
    for (let n = 0; n < 500; n += 1) {
      await say(run.log, 'run-a', chunkOf('1', String(n)));
      await flush();
      expect(generationsOf(steps)).toHaveLength(n + 1);
      await fleet.clock.advance(1_000);
    }
    await done;
    expect(reader.logs.doorbells.unauthenticated).toBe(0);
    expect(reader.logs.doorbells.healthy).toBe(true);
  });
});

describe('a keyring', () => {
  test('reads the keys when it meets an unknown key', async () => {
    const signal = new AbortController().signal;
    const ring = new Keyring({ registry, clock, entropy, logger: silentLogger, signal });
    await ring.read();
    const { keys } = await stored();
    await registry.replaceDoorbellKeys(keys, [{ ...newFleetKey(entropy), serial: 2 }, ...keys]);
    const made = sealer(await stored())?.('text') ?? { key: '', mac: '' };
    await clock.advance(10_000);
    expect(ring.check(made, 'text')).toBe('unknown-key');
    await flush();
    expect(ring.check(made, 'text')).toBe('authentic');
  });

  test('that cannot read the table is soon not current, and is again after a read', async () => {
    const logged: string[] = [];
    const logger = {
      ...silentLogger,
      warn: (event: string) => logged.push(event),
      info: (event: string) => logged.push(event),
    };
    const signal = new AbortController().signal;
    const ring = new Keyring({ registry, clock, entropy, logger, signal });
    await ring.read();
    void ring.readUntilStopped();
    const { doorbellKeys } = registry;
    registry.doorbellKeys = () => Promise.reject(new Error('no answer'));
    await clock.advance(KEYS_KNOWN_MS);
    expect(ring.isCurrent).toBe(false);
    expect(ring.seal).toBeDefined();
    registry.doorbellKeys = doorbellKeys;
    await clock.advance(10_000);
    expect(ring.isCurrent).toBe(true);
    expect(logged).toEqual(['doorbell.keys-failed', 'doorbell.keys-recovered']);
  });
});
