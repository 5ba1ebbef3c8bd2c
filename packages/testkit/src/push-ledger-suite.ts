import type { PushLedger, PushProgress, TaskKey } from '@a2a-aws/core';
import { slotAt } from '@a2a-aws/core/internal';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { differentKeys } from './sample-keys.ts';

/** A ledger without any task, and the means to remove it. */
export interface PushLedgerUnderTest {
  readonly ledger: PushLedger;
  dispose(): Promise<void>;
}

const KEY: TaskKey = { tenant: 'tenant', owner: 'owner', taskId: 'task-1' };
const NOW = 1_700_000_000_000;

function at(generation: number, entry = 0): PushProgress {
  return { place: { slot: slotAt(generation, 2), entry } };
}

const ONE = { instance: 'a', turn: 1 };
const TWO = { instance: 'b', turn: 2 };

/** The laws of the {@link PushLedger} port, as tests of each implementation that `factory` makes. */
export function pushLedgerSuite(name: string, factory: () => Promise<PushLedgerUnderTest>): void {
  describe(`${name} as PushLedger`, () => {
    let subject: PushLedgerUnderTest;
    let ledger: PushLedger;

    beforeEach(async () => {
      subject = await factory();
      ledger = subject.ledger;
    });

    afterEach(() => subject.dispose());

    test('a task without claims has no progress, and its first claim has turn 1', async () => {
      expect(await ledger.read(KEY)).toEqual(new Map());
      const none = { last: { instance: '', turn: 0 }, isHeld: false };
      expect(await ledger.claim(KEY, TWO, NOW)).toEqual(none);
      expect(await ledger.claim(KEY, TWO, NOW, true)).toEqual(none);
      expect(await ledger.claim(KEY, ONE, NOW)).toEqual({ claimed: new Map() });
    });

    test('a claim that is repeated holds, and refuses the next one', async () => {
      await ledger.claim(KEY, ONE, NOW);
      expect(await ledger.claim(KEY, ONE, NOW)).toEqual({ claimed: new Map() });
      expect(await ledger.claim(KEY, TWO, NOW)).toEqual({ last: ONE, isHeld: true });
      const stranger = { instance: 'b', turn: 1 };
      expect(await ledger.claim(KEY, stranger, NOW)).toEqual({ last: ONE, isHeld: true });
    });

    test('of claims that race, one holds', async () => {
      const claims = ['a', 'b', 'c', 'd', 'e'].map((instance) => ({ instance, turn: 1 }));
      const results = await Promise.all(claims.map((claim) => ledger.claim(KEY, claim, NOW)));
      expect(results.filter((result) => 'claimed' in result)).toHaveLength(1);
    });

    test('the next claim after a release gets the progress', async () => {
      const pushes = new Map([
        ['x', at(4, 3)],
        ['__proto__', { ...at(5), failingSince: NOW }],
        ['', { ...at(6, 1), failingSince: NOW, failure: 'http-404' }],
      ]);
      await ledger.claim(KEY, ONE, NOW);
      expect(await ledger.save(KEY, ONE, new Map([['x', at(3)]]), NOW)).toBe(true);
      expect(await ledger.read(KEY)).toEqual(new Map([['x', at(3)]]));
      expect(await ledger.release(KEY, ONE, pushes, NOW)).toBe('released');
      expect(await ledger.claim(KEY, TWO, NOW)).toEqual({ claimed: pushes });
      expect(await ledger.read(KEY)).toEqual(pushes);
    });

    test('a claim that was replaced holds no more', async () => {
      await ledger.claim(KEY, ONE, NOW);
      await ledger.save(KEY, ONE, new Map([['x', at(3)]]), NOW);
      expect(await ledger.claim(KEY, TWO, NOW, true)).toEqual({
        claimed: new Map([['x', at(3)]]),
      });
      expect(await ledger.save(KEY, ONE, new Map(), NOW)).toBe(false);
      expect(await ledger.ask(KEY, ONE, 'q')).toBe(false);
      expect(await ledger.release(KEY, ONE, new Map(), NOW)).toBe('lost');
      expect(await ledger.read(KEY)).toEqual(new Map([['x', at(3)]]));
    });

    test('a claim that arrives after its release, or later ones, is refused', async () => {
      await ledger.claim(KEY, ONE, NOW);
      await ledger.release(KEY, ONE, new Map(), NOW);
      expect(await ledger.claim(KEY, ONE, NOW)).toEqual({ last: ONE, isHeld: false });
      expect(await ledger.claim(KEY, ONE, NOW, true)).toEqual({ last: ONE, isHeld: false });
      expect(await ledger.save(KEY, ONE, new Map([['x', at(1)]]), NOW)).toBe(false);
      await ledger.claim(KEY, TWO, NOW);
      expect(await ledger.claim(KEY, ONE, NOW)).toEqual({ last: TWO, isHeld: true });
    });

    test('a claim is not released while a question is unanswered', async () => {
      await ledger.claim(KEY, ONE, NOW);
      expect(await ledger.ask(KEY, ONE, 'q1')).toBe(true);
      expect(await ledger.release(KEY, ONE, new Map(), NOW)).toEqual({ asked: 'q1' });
      await ledger.ask(KEY, ONE, 'q2');
      expect(await ledger.release(KEY, ONE, new Map(), NOW, 'q1')).toEqual({ asked: 'q2' });
      expect(await ledger.release(KEY, ONE, new Map(), NOW, 'q2')).toBe('released');
    });

    test('a release that is repeated has no effect', async () => {
      await ledger.claim(KEY, ONE, NOW);
      await ledger.release(KEY, ONE, new Map([['x', at(2)]]), NOW);
      expect(await ledger.release(KEY, ONE, new Map([['x', at(1)]]), NOW)).not.toHaveProperty(
        'asked',
      );
      expect(await ledger.read(KEY)).toEqual(new Map([['x', at(2)]]));
    });

    test('the questions of a claim end with it', async () => {
      await ledger.claim(KEY, ONE, NOW);
      await ledger.ask(KEY, ONE, 'q1');
      await ledger.claim(KEY, TWO, NOW, true);
      expect(await ledger.release(KEY, TWO, new Map(), NOW)).toBe('released');
    });

    test('refuses a key that no table can hold', async () => {
      const read = ledger.read({ ...KEY, taskId: '' });
      await expect(read).rejects.toMatchObject({ code: 'invalid-key' });
    });

    test('[I9] never mixes the progress of two tasks, whatever their names contain', async () => {
      await fc.assert(
        fc.asyncProperty(differentKeys, async (keys) => {
          const fresh = await factory();
          try {
            for (const [n, key] of keys.entries()) {
              await fresh.ledger.claim(key, ONE, NOW);
              await fresh.ledger.save(key, ONE, new Map([['x', at(n + 1)]]), NOW);
            }
            const known = await Promise.all(keys.map((key) => fresh.ledger.read(key)));
            expect(known).toEqual(keys.map((_, n) => new Map([['x', at(n + 1)]])));
          } finally {
            await fresh.dispose();
          }
        }),
        { numRuns: 6 },
      );
    });
  });
}
