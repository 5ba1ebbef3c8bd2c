import { describe, expect, test } from 'vitest';
import {
  CANARY_MS,
  DoorbellHealth,
  PROOF_MS,
  SETTLE_MS,
} from '../../src/doorbells/doorbell-health.ts';

const NOW = 1_700_000_000_000;

describe('the doorbell', () => {
  test('is proven by a ring that came back, from when it was made', () => {
    const health = new DoorbellHealth();
    expect(health.proven(NOW)).toBe(false);
    health.returned(NOW, NOW + 1_000);
    expect(health.lagMs).toBe(1_000);
    expect(health.proven(NOW + 1_000 + SETTLE_MS - 1)).toBe(false);
    expect(health.proven(NOW + 1_000 + SETTLE_MS)).toBe(true);
    expect(health.proven(NOW + PROOF_MS - 1)).toBe(true);
    expect(health.proven(NOW + PROOF_MS)).toBe(false);
  });

  test('is rung once in a while', () => {
    const health = new DoorbellHealth();
    expect(health.ring(NOW)).toBe(true);
    expect(health.ring(NOW + CANARY_MS - 1)).toBe(false);
    expect(health.ring(NOW + CANARY_MS)).toBe(true);
  });

  test('[I6] is not proven by rings that come late, again, or after later ones', () => {
    const health = new DoorbellHealth();
    health.returned(NOW - PROOF_MS, NOW);
    expect(health.proven(NOW + SETTLE_MS)).toBe(false);
    health.returned(NOW, NOW + 100);
    health.returned(NOW, NOW + PROOF_MS - 1);
    health.returned(NOW - 1_000, NOW + 200);
    expect(health.lagMs).toBe(100);
    expect(health.proven(NOW + PROOF_MS - 1)).toBe(true);
    expect(health.proven(NOW + PROOF_MS)).toBe(false);
  });

  test('[I6] is not taken for proven for an hour because the clock was set back by one', () => {
    const health = new DoorbellHealth();
    health.ring(NOW);
    health.returned(NOW, NOW);
    const back = NOW - 3_600_000;
    expect(health.proven(back + SETTLE_MS)).toBe(false);
    expect(health.ring(back)).toBe(true);
    health.returned(NOW, back + 1);
    expect(health.proven(back + 1 + SETTLE_MS)).toBe(false);
    health.returned(back, back + 2);
    expect(health.proven(back + 2 + SETTLE_MS)).toBe(true);
  });
});
