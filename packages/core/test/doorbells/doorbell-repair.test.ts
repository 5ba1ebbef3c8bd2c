import { describe, expect, test } from 'vitest';
import {
  type DoorbellFacts,
  doorbellStep,
  SETTLING_MS,
  SILENT_MS,
} from '../../src/doorbells/doorbell-repair.ts';

const HEARD = { isLost: false, isReceiving: true, silentMs: 0 };
const LOST = { ...HEARD, isLost: true, isReceiving: false };
const SILENT = { ...HEARD, isReceiving: false, silentMs: SILENT_MS };
const FACTS: DoorbellFacts = {
  doorbell: undefined,
  ageMs: 60_000,
  triedMs: Number.POSITIVE_INFINITY,
  tries: 0,
  fault: undefined,
  random: 0.5,
};
const step = (facts: Partial<DoorbellFacts>) => doorbellStep({ ...FACTS, ...facts });

/** Milliseconds until the next step after so many tries, as long as they can be. */
function rest(facts: Partial<DoorbellFacts>): number {
  let ms = 0;
  while (step({ ...facts, triedMs: ms, random: 1 }) === 'wait') ms += 500;
  return ms;
}

describe('an instance', () => {
  test('provisions its first doorbell at once', () => {
    expect(step({ triedMs: 0 })).toBe('provision');
  });

  test('leaves a doorbell alone that works, or is not silent for long', () => {
    expect(step({ doorbell: HEARD })).toBe('wait');
    expect(step({ doorbell: { ...SILENT, silentMs: SILENT_MS - 1 } })).toBe('wait');
  });

  test('replaces a doorbell at once if its queue is lost', () => {
    expect(step({ doorbell: LOST, triedMs: 0 })).toBe('replace');
  });

  test('provisions a silent doorbell again, and replaces it only after a long time', () => {
    expect(step({ doorbell: SILENT })).toBe('provision');
    const long = { ...SILENT, silentMs: SETTLING_MS };
    expect(step({ doorbell: long, ageMs: SETTLING_MS - 1 })).toBe('provision');
    expect(step({ doorbell: long, ageMs: SETTLING_MS })).toBe('replace');
  });

  test('takes another name if the present name cannot be used', () => {
    for (const doorbell of [undefined, SILENT]) {
      expect(step({ doorbell, tries: 1, fault: 'name-taken' })).toBe('replace');
      expect(step({ doorbell, tries: 1, fault: 'topic-full' })).toBe('provision');
    }
  });

  test('tries again within half a minute, later each time', () => {
    const rests = [0, 1, 2, 3, 9].map((tries) => rest({ tries }));
    expect(rests).toEqual([0, 1_000, 2_000, 4_000, 30_000]);
    expect(rest({ tries: 9, doorbell: LOST })).toBe(30_000);
    expect(rest({ tries: 1_000, random: 0 })).toBeLessThanOrEqual(30_000);
  });

  test('checks a complete doorbell less often', () => {
    expect(rest({ tries: 40, doorbell: SILENT })).toBe(SETTLING_MS);
  });
});
