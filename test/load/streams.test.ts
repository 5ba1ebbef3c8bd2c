import { expect, test } from 'vitest';
import { replaceAll, sendSignals } from '../chaos/server-signals.ts';
import { type StreamsReport, streams } from '../chaos/streams.ts';

const timeout = 600_000;

/** Expects that each client got each event of its task's log once and in order. */
function expectEverything({ missing, repeated, otherStates, failed }: StreamsReport): void {
  expect({ missing, repeated, otherStates, failed }).toEqual({
    missing: 0,
    repeated: 0,
    otherStates: 0,
    failed: [],
  });
}

test('[I3] cut connections and killed servers cost the readers of streams no event', {
  timeout,
}, async () => {
  const report = await streams({
    streams: 200,
    open: 40,
    events: 200,
    servers: 3,
    disturb: (servers, random, onProgress) => sendSignals(servers, 6, random, onProgress),
    // On average more than one cut for each stream. `npm run chaos -- --streams` cuts more.
    cutBytes: [200, 60_000],
    seed: 1,
  });
  expectEverything(report);
  expect(report.cuts).toBeGreaterThan(200);
});

test('[I3] a rolling deployment costs the readers of 50 streams no event', {
  timeout,
}, async () => {
  const report = await streams({
    streams: 50,
    open: 50,
    events: 50,
    servers: 6,
    disturb: (servers) => replaceAll(servers),
    seed: 1,
  });
  expectEverything(report);
  expect(report.interruptions).toBeGreaterThan(50);
});
