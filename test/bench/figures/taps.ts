import { callContext } from '../../fixtures/requests.ts';
import { CrowdAgent } from '../agent/crowd-agent.ts';
import { beginTask, FakeFleet } from '../fakes/fake-fleet.ts';
import { heldBytes } from '../fakes/held-bytes.ts';
import type { Row } from '../row.ts';
import { TARGETS } from '../targets.ts';

const TAPS = 10_000;
const AT_ONCE = 100;
const MEGABYTE = 1024 * 1024;

/**
 * Measures an instance's memory for one open tap on each of many tasks that run on another
 * instance.
 */
export async function taps(): Promise<Row[]> {
  const fleet = new FakeFleet();
  const agent = new CrowdAgent();
  const a = await fleet.join('A', agent);
  const b = await fleet.join('B', agent);
  const ids: string[] = [];
  while (ids.length < TAPS) {
    ids.push(...(await Promise.all(Array.from({ length: AT_ONCE }, () => beginTask(a.handler)))));
  }

  const before = heldBytes();
  const streams = ids.map((id) => b.handler.resubscribe({ tenant: '', id }, callContext()));
  for (const stream of streams) await stream.next();
  agent.say();
  for (const stream of streams) {
    const { value } = await stream.next();
    if (value?.payload?.$case !== 'artifactUpdate') throw new Error('A tap missed its event.');
  }
  const held = heldBytes() - before;
  const open = b.backend.stats().taps;

  for (const stream of streams) await stream.return();
  agent.end();
  await fleet.stop();
  const group = `Memory of ${TAPS.toLocaleString('en-US')} open taps on one instance, each on a task of its own`;
  return [
    { group, label: 'taps open', value: open, unit: 'taps', target: { atLeast: TAPS } },
    {
      group,
      label: 'held for them',
      value: held / MEGABYTE,
      unit: 'MB',
      target: TARGETS.tapMemory,
    },
    { group, label: 'a tap', value: held / TAPS / 1024, unit: 'KB' },
  ];
}
