import type { Clock, TaskEvent } from '@a2a-aws/core';
import {
  encode,
  eventToJson,
  FIRST_SLOT,
  proposeEvent,
  proposeStart,
} from '@a2a-aws/core/internal';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { hostileEvent, hostileId } from './fixtures/hostile-values.ts';
import { authorOf, KEY, openLog } from './fixtures/log-writers.ts';
import { embeddedTable, memoryTable, refusal, type StoreTable } from './fixtures/store-table.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const RUN = 'run-1';
const DAY = 86_400_000;
const TASK = KEY.taskId;

describe.each([
  ['in memory', memoryTable, 2_500],
  ['on the embedded AWS', embeddedTable, 120],
] as const)('hostile events %s', (_, open, numRuns) => {
  let table: StoreTable;

  beforeAll(async () => {
    table = await open();
  });
  afterAll(() => table.stop());

  test('[I1] [I4] are read as they were appended, or refused with a code before anything is written', async () => {
    const said = fc.tuple(hostileEvent(TASK), fc.integer({ min: -DAY / 2, max: DAY / 2 }));
    await fc.assert(
      fc.asyncProperty(hostileId, fc.array(said, { maxLength: 4 }), async (owner, events) => {
        const { logs } = table.agent();
        // Is also set back, which no virtual clock is.
        let now = Date.parse('2026-01-01T00:00:00Z');
        const clock: Clock = { now: () => now, after: () => () => {} };
        const key = { ...KEY, owner };
        const log = openLog(logs, 'i', key, clock);
        const author = authorOf('i');
        if (await refusal(log.refresh())) return;
        const start = { run: RUN, attempt: 1, instance: 'i', contextId: 'context-1' };
        await log.append(proposeStart(author, { kind: 'start', ...start }));
        const written: TaskEvent[] = [];
        for (const [event, passes] of events) {
          now += passes;
          const append = async (): Promise<void> => {
            const encoded = encode({ kind: 'event', run: RUN, event });
            const outcome = await log.append(proposeEvent(author, RUN, encoded), encoded.bytes);
            expect('refused' in outcome).toBe(wasSealed);
            if ('appended' in outcome) written.push(event);
          };
          const wasSealed = log.state.sealed;
          await refusal(append());
        }
        const read: TaskEvent[] = [];
        for await (const { entries } of logs.readRecords(key, FIRST_SLOT)) {
          for (const entry of entries) if (entry.kind === 'event') read.push(entry.event);
        }
        // A log whose first event is none begins with a Task of the backend's own.
        const own = written.length > 0 && written[0]?.kind !== 'task' ? read.slice(1) : read;
        expect(own).toEqual(written);
        expect(texts(own)).toEqual(texts(written));
      }),
      { numRuns },
    );
  });
});

function texts(events: readonly TaskEvent[]): string[] {
  return events.map((event) => JSON.stringify(eventToJson(event)));
}
