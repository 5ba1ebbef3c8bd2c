import { DEFAULT_LEASE_SETTINGS } from '@a2a-aws/core';
import { VirtualClock } from '@a2a-aws/testkit/fakes';
import { PacedAgent } from '../agent/paced-agent.ts';
import { FakeFleet } from '../fakes/fake-fleet.ts';
import { latencyModel } from '../fakes/latency-model.ts';
import { spent } from '../fakes/prices.ts';
import type { Row } from '../row.ts';
import { TARGETS } from '../targets.ts';

const HOUR_MS = 3_600_000;
const HOURS_A_MONTH = 730;
/** Long enough to average over polls, heartbeats, lease checks and sweeps. */
const PRICED_MS = 6 * HOUR_MS;
const LARGE = 1_000;
const LARGE_MS = 10 * 60_000;
const SEED = 1;

/** Measures the cost of idle instances, and the load of their leases on one partition. */
export async function idleCost(): Promise<Row[]> {
  const group = 'An idle instance, beats of 5 s, counted in a model of AWS';
  const rows: Row[] = [];
  for (const size of [1, 2, 10]) {
    const { microdollars } = await idle(size, PRICED_MS);
    const value = ((microdollars / 1e6 / size) * HOURS_A_MONTH * HOUR_MS) / PRICED_MS;
    const label = `in a fleet of ${size}, a month`;
    rows.push({ group, label, value, unit: 'USD', target: TARGETS.idleDollars });
  }
  const { writeUnits, readUnits } = await idle(LARGE, LARGE_MS);
  const leases = `${LARGE.toLocaleString('en-US')} idle instances, all leases in one partition`;
  const seconds = LARGE_MS / 1_000;
  return [
    ...rows,
    {
      group: leases,
      label: 'written',
      value: writeUnits / seconds,
      unit: 'units/s',
      target: TARGETS.beatUnits,
    },
    {
      group: leases,
      label: 'read, sweeps of own rows included',
      value: readUnits / seconds,
      unit: 'units/s',
      target: TARGETS.leaseReads,
    },
  ];
}

/** Resolves with the usage of the whole fleet in this time, once all instances have started. */
async function idle(
  size: number,
  ms: number,
): Promise<{ microdollars: number; writeUnits: number; readUnits: number }> {
  const clock = new VirtualClock();
  const lease = DEFAULT_LEASE_SETTINGS;
  const fleet = new FakeFleet({ clock, faults: latencyModel(SEED), lease, size });
  const agent = new PacedAgent({ chunks: 0, pause: async () => {} });
  for (let at = 0; at < size; at += 1) await clock.run(fleet.join(`i${at}`, agent));
  await clock.advance(lease.leaseMs);
  const before = used(fleet);
  await clock.advance(ms);
  const after = used(fleet);
  await clock.run(fleet.stop());
  return {
    microdollars: after.microdollars - before.microdollars,
    writeUnits: after.writeUnits - before.writeUnits,
    readUnits: after.readUnits - before.readUnits,
  };
}

function used({ aws }: FakeFleet) {
  const { writeUnits, readUnits } = aws.meter.total('dynamodb');
  return { writeUnits, readUnits, microdollars: spent(aws).microdollars };
}
