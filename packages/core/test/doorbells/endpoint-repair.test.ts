import { describe, expect, test } from 'vitest';
import {
  type EndpointFacts,
  endpointStep,
  SETTLING_MS,
  SILENT_MS,
} from '../../src/doorbells/endpoint-repair.ts';

const HEARD = { isLost: false, isReceiving: true, silentMs: 0 };
const LOST = { ...HEARD, isLost: true, isReceiving: false };
const SILENT = { ...HEARD, isReceiving: false, silentMs: SILENT_MS };
const FACTS: EndpointFacts = {
  endpoint: undefined,
  ageMs: 60_000,
  triedMs: Number.POSITIVE_INFINITY,
  tries: 0,
  fault: undefined,
  random: 0.5,
};
const step = (facts: Partial<EndpointFacts>) => endpointStep({ ...FACTS, ...facts });

/** Milliseconds until the next step after so many tries, as long as they can be. */
function rest(facts: Partial<EndpointFacts>): number {
  let ms = 0;
  while (step({ ...facts, triedMs: ms, random: 1 }) === 'wait') ms += 500;
  return ms;
}

describe('an instance', () => {
  test('provisions its first endpoint at once', () => {
    expect(step({ triedMs: 0 })).toBe('provision');
  });

  test('leaves an endpoint alone that works, or is not silent for long', () => {
    expect(step({ endpoint: HEARD })).toBe('wait');
    expect(step({ endpoint: { ...SILENT, silentMs: SILENT_MS - 1 } })).toBe('wait');
  });

  test('replaces an endpoint at once if its queue is lost', () => {
    expect(step({ endpoint: LOST, triedMs: 0 })).toBe('replace');
  });

  test('provisions a silent endpoint again, and replaces it only after a long time', () => {
    expect(step({ endpoint: SILENT })).toBe('provision');
    const long = { ...SILENT, silentMs: SETTLING_MS };
    expect(step({ endpoint: long, ageMs: SETTLING_MS - 1 })).toBe('provision');
    expect(step({ endpoint: long, ageMs: SETTLING_MS })).toBe('replace');
  });

  test('takes another name if the present name cannot be used', () => {
    for (const endpoint of [undefined, SILENT]) {
      expect(step({ endpoint, tries: 1, fault: 'name-taken' })).toBe('replace');
      expect(step({ endpoint, tries: 1, fault: 'topic-full' })).toBe('provision');
    }
  });

  test('tries again within half a minute, later each time', () => {
    const rests = [0, 1, 2, 3, 9].map((tries) => rest({ tries }));
    expect(rests).toEqual([0, 1_000, 2_000, 4_000, 30_000]);
    expect(rest({ tries: 9, endpoint: LOST })).toBe(30_000);
    expect(rest({ tries: 1_000, random: 0 })).toBeLessThanOrEqual(30_000);
  });

  test('checks a complete endpoint less often', () => {
    expect(rest({ tries: 40, endpoint: SILENT })).toBe(SETTLING_MS);
  });
});
