import type { LogFields } from '@a2a-aws/core';
import { loggerOf } from '@a2a-aws/core/internal';
import { flush, Gate } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import { RunGate } from '../../src/overload/run-gate.ts';
import { LateClock } from '../fixtures/late-clock.ts';

const LIMITS = { maxLagMs: 500, maxBusyShare: 0.98, maxRuns: 10, maxStarts: 2, maxWaitMs: 10_000 };

let clock: LateClock;
let running: number;
let busyMs: number;
let lines: (LogFields & { event: string })[];
let gate: RunGate;
let away: AbortController;

beforeEach(() => {
  clock = new LateClock();
  running = 0;
  busyMs = 0;
  lines = [];
  away = new AbortController();
  const logger = loggerOf((level, event, fields) => lines.push({ level, event, ...fields }));
  const deps = { running: () => running, clock, busyMs: () => busyMs, logger };
  gate = new RunGate({ limits: LIMITS, ...deps });
});

/** A start that ends when the test opens it. */
function start() {
  const work = new Gate();
  let state: 'waits' | 'starts' | 'started' | string = 'waits';
  const entered = gate.enter(away.signal, () => {
    state = 'starts';
    return work.opened;
  });
  entered.then(
    () => {
      state = 'started';
    },
    (error) => {
      state = error.code;
    },
  );
  return {
    entered,
    state: () => state,
    finish: () => work.open(),
    fail: () => work.fail(new Error()),
  };
}

describe('the gate of new runs', () => {
  test('starts a limited number at once, the others in their order', async () => {
    const starts = [start(), start(), start(), start()];
    const states = (): string[] => starts.map(({ state }) => state());
    await flush();
    expect(states()).toEqual(['starts', 'starts', 'waits', 'waits']);
    expect(gate.starting).toBe(4);
    starts[1]?.finish();
    await flush();
    expect(states()).toEqual(['starts', 'started', 'starts', 'waits']);
    // A start that fails frees its place, too.
    starts[0]?.fail();
    await flush();
    expect(states().slice(2)).toEqual(['starts', 'starts']);
    starts[2]?.finish();
    starts[3]?.finish();
    await flush();
    expect(gate.starting).toBe(0);
  });

  test('refuses new runs while too many are open, and logs that once', async () => {
    running = 10;
    for (const _ of [1, 2, 3]) {
      await expect(start().entered).rejects.toMatchObject({
        code: 'overloaded',
        retryAfterSeconds: 2,
      });
    }
    expect([gate.isOverloaded, gate.refused]).toEqual([true, 3]);
    running = 9;
    await expect(start().entered).rejects.toMatchObject({ code: 'overloaded' });
    running = 8;
    start().finish();
    await flush();
    expect(gate.isOverloaded).toBe(false);
    expect(lines).toMatchObject([
      { level: 'warn', event: 'overload.began', reason: 'runs', runs: 10 },
      { level: 'info', event: 'overload.ended', reason: 'runs', refused: 4, durationMs: 0 },
    ]);
  });

  test('[I5] refuses new runs while the event loop is late, and notices the end by itself', async () => {
    start().finish();
    clock.lateMs = 600;
    await clock.advance(3_000);
    await expect(start().entered).rejects.toMatchObject({
      code: 'overloaded',
      retryAfterSeconds: 2,
    });
    clock.lateMs = 300;
    await clock.advance(2_000);
    await expect(start().entered).rejects.toMatchObject({ code: 'overloaded' });
    clock.lateMs = 0;
    await clock.advance(2_000);
    expect(gate.isOverloaded).toBe(false);
    expect(lines.map(({ event }) => event)).toEqual(['overload.began', 'overload.ended']);
    start().finish();
    await clock.advance(10_000);
    expect(clock.pending).toBe(0);
  });

  test('refuses new runs while the event loop is never idle', async () => {
    gate = new RunGate({
      limits: { ...LIMITS, maxRuns: 1_000 },
      running: () => 60,
      clock,
      busyMs: () => busyMs,
      logger: loggerOf((level, event, fields) => lines.push({ level, event, ...fields })),
    });
    start().finish();
    for (let at = 0; at < 16; at += 1) {
      busyMs += 200;
      await clock.advance(200);
    }
    await expect(start().entered).rejects.toMatchObject({ retryAfterSeconds: 2 });
    await clock.advance(200);
    start().finish();
    await flush();
    expect(lines).toMatchObject([
      { event: 'overload.began', reason: 'busy', busyShare: 1 },
      { event: 'overload.ended', refused: 1 },
    ]);
  });

  test('[I6] refuses messages that wait for 10 s, and later ones while the first waits for 5 s', async () => {
    const first = [start(), start()];
    const waiting = start();
    await clock.advance(4_999);
    const second = start();
    await clock.advance(1);
    await expect(start().entered).rejects.toMatchObject({
      code: 'overloaded',
      retryAfterSeconds: 5,
    });
    await clock.advance(5_000);
    expect([waiting.state(), second.state()]).toEqual(['overloaded', 'waits']);
    for (const { finish } of first) finish();
    await flush();
    expect([second.state(), gate.starting]).toEqual(['starts', 1]);
    second.finish();
    await flush();
    expect(lines).toMatchObject([
      { event: 'overload.began', reason: 'starts' },
      { event: 'overload.ended', refused: 2 },
    ]);
  });

  test('[I7] lets waiting messages go on at once when their instance sends them away', async () => {
    const starts = [start(), start(), start(), start()];
    away.abort();
    const late = start();
    await flush();
    expect([...starts, late].map(({ state }) => state())).toEqual(Array(5).fill('starts'));
    for (const { finish } of [...starts, late]) finish();
    await flush();
    expect(gate.starting).toBe(0);
  });
});
