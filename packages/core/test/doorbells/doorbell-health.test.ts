import { describe, expect, test } from 'vitest';
import {
  CONFIRMED_MS,
  DoorbellHealth,
  PROBE_MS,
  RECOVERY_MS,
} from '../../src/doorbells/doorbell-health.ts';

const NOW = 1_700_000_000_000;

describe('the health of a doorbell', () => {
  test('is confirmed by a probe that has arrived, counted from when it was sent', () => {
    const health = new DoorbellHealth();
    expect(health.isConfirmed(NOW)).toBe(false);
    health.probeArrived(NOW, NOW + 1_000);
    expect(health.lagMs).toBe(1_000);
    expect(health.isConfirmed(NOW + 1_000 + RECOVERY_MS - 1)).toBe(false);
    expect(health.isConfirmed(NOW + 1_000 + RECOVERY_MS)).toBe(true);
    expect(health.isConfirmed(NOW + CONFIRMED_MS - 1)).toBe(true);
    expect(health.isConfirmed(NOW + CONFIRMED_MS)).toBe(false);
  });

  test('is due for a probe at a fixed interval', () => {
    const health = new DoorbellHealth();
    expect(health.shouldProbe(NOW)).toBe(true);
    expect(health.shouldProbe(NOW + PROBE_MS - 1)).toBe(false);
    expect(health.shouldProbe(NOW + PROBE_MS)).toBe(true);
  });

  test('[I6] is not confirmed by late, repeated or overtaken probes', () => {
    const health = new DoorbellHealth();
    health.probeArrived(NOW - CONFIRMED_MS, NOW);
    expect(health.isConfirmed(NOW + RECOVERY_MS)).toBe(false);
    health.probeArrived(NOW, NOW + 100);
    health.probeArrived(NOW, NOW + CONFIRMED_MS - 1);
    health.probeArrived(NOW - 1_000, NOW + 200);
    expect(health.lagMs).toBe(100);
    expect(health.isConfirmed(NOW + CONFIRMED_MS - 1)).toBe(true);
    expect(health.isConfirmed(NOW + CONFIRMED_MS)).toBe(false);
  });

  test('[I6] is not confirmed for an hour because the clock was set back by an hour', () => {
    const health = new DoorbellHealth();
    health.shouldProbe(NOW);
    health.probeArrived(NOW, NOW);
    const back = NOW - 3_600_000;
    expect(health.isConfirmed(back + RECOVERY_MS)).toBe(false);
    expect(health.shouldProbe(back)).toBe(true);
    health.probeArrived(NOW, back + 1);
    expect(health.isConfirmed(back + 1 + RECOVERY_MS)).toBe(false);
    health.probeArrived(back, back + 2);
    expect(health.isConfirmed(back + 2 + RECOVERY_MS)).toBe(true);
  });
});
