import type { LocalAws } from '@a2a-aws/local';
import { KILOBYTE } from '../agent/payload.ts';
import type { Script } from '../agent/staged-agent.ts';
import { added, sum, together } from '../meter/difference.ts';
import { Pair } from '../process/pair.ts';
import type { Row, Target } from '../row.ts';
import { TARGETS } from '../targets.ts';

const EVENTS = 1_000;
/** The number of calls depends on timing, so the median of several runs counts. */
const RUNS = 5;
const SERVICES = [
  { name: 'DynamoDB', commands: /Item|Query/ },
  { name: 'SNS', commands: /Publish/ },
  { name: 'SQS', commands: /Message/ },
];

/**
 * Counts the calls of A and B for one task with a tap on another instance, from the send to the
 * removal of the last row. Excludes the calls by which instances keep themselves up (`CallMeter`).
 */
export async function apiCalls(aws: LocalAws): Promise<Row[]> {
  const pair = await Pair.start(aws, 'api-calls', true);
  try {
    // Warms up connections and compiled code.
    await callsOf(pair, 'burst');
    const burst = await medianRun(pair, 'burst');
    const steady = await medianRun(pair, 'millisecond');
    const events = `API calls, ${EVENTS.toLocaleString('en-US')} events`;
    const how = `A and B together, begin and end included, median of ${RUNS} runs`;
    return [
      ...rows(`${events} of 1 KB in one burst, ${how}`, burst, TARGETS.burstCalls),
      ...rows(`${events} of 1 KB, one a millisecond, ${how}`, steady, TARGETS.millisecondCalls),
    ];
  } finally {
    await pair.stop();
  }
}

interface Made {
  /** The number of calls by command. */
  readonly work: Readonly<Record<string, number>>;
  /** The part of the work that begins the task and opens the tap. */
  readonly opening: number;
  readonly upkeep: number;
}

async function medianRun(pair: Pair, pace: Script['pace']): Promise<Made> {
  const runs: Made[] = [];
  for (let run = 0; run < RUNS; run += 1) runs.push(await callsOf(pair, pace));
  runs.sort((a, b) => sum(a.work) - sum(b.work));
  const middle = runs[Math.floor(RUNS / 2)];
  if (!middle) throw new Error('Nothing was measured.');
  return middle;
}

async function callsOf(pair: Pair, pace: Script['pace']): Promise<Made> {
  const before = await counts(pair);
  await pair.openTask();
  const opened = await counts(pair);
  await pair.a.play({ chunks: EVENTS, chunkLength: KILOBYTE, pace });
  await pair.b.tapped();
  await pair.settled();
  const after = await counts(pair);
  return {
    work: added(before.work, after.work),
    opening: sum(added(before.work, opened.work)),
    upkeep: sum(added(before.upkeep, after.upkeep)),
  };
}

async function counts(pair: Pair): Promise<Record<'work' | 'upkeep', Record<string, number>>> {
  const [a, b] = (await Promise.all([pair.a.metered(), pair.b.metered()])).map(
    (metered) => metered.calls,
  );
  if (!a || !b) throw new Error('Two instances were asked.');
  return { work: together(a.work, b.work), upkeep: together(a.upkeep, b.upkeep) };
}

function rows(group: string, { work, opening, upkeep }: Made, target?: Target): Row[] {
  const unit = 'calls';
  return [
    { group, label: 'in all', value: sum(work), unit, target },
    { group, label: 'to begin the task and open the tap', value: opening, unit, detail: true },
    ...SERVICES.map(({ name, commands }): Row => {
      const made = Object.entries(work).filter(([command]) => commands.test(command));
      const list = made.map(([command, count]) => `${count} ${command.replace('Command', '')}`);
      const value = sum(Object.fromEntries(made));
      return { group, label: `${name}: ${list.join(', ')}`, value, unit, detail: true };
    }),
    {
      group,
      label: 'left out: empty polls, rings to oneself, beats, looks at leases, sweeps',
      value: upkeep,
      unit,
    },
  ];
}
