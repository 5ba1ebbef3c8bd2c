import type { LocalAws } from '@a2a-aws/local';
import { KILOBYTE } from '../agent/payload.ts';
import type { Script } from '../agent/scripted-agent.ts';
import { added, sum, together } from '../meter/difference.ts';
import { Pair } from '../process/pair.ts';
import type { Row, Target } from '../row.ts';
import { TARGETS } from '../targets.ts';
import { wholeTaskSaves } from './whole-task-saves.ts';

const FEW = 10;
const SOME = 100;
const MANY = 1_000;
/** Characters that a language model streams at a time. */
const TOKEN = 32;
const PACES = [
  { pace: 'burst', name: 'in one burst' },
  { pace: 'durable', name: 'one event a record' },
] as const;

/** Bytes written to DynamoDB for a task of N appended chunks, beside the JSON of its events. */
export async function writtenBytes(aws: LocalAws): Promise<Row[]> {
  const pair = await Pair.start(aws, 'written-bytes', true);
  try {
    const rows: Row[] = [];
    for (const { pace, name } of PACES) {
      const group = `Bytes written to DynamoDB ÷ the events’ JSON, chunks of 1 KB, ${name}`;
      rows.push(...(await growthRows(pair, group, pace)));
    }
    const group = `Bytes written to DynamoDB ÷ the events’ JSON, chunks of ${TOKEN} bytes`;
    for (const { pace, name } of PACES) {
      const written = await write(pair, { chunks: MANY, chunkLength: TOKEN, pace });
      rows.push({ ...ratioRow(group, written), label: `${chunkCount(MANY)} ${name}` });
    }
    return [...rows, ...(await wholeTaskRows())];
  } finally {
    await pair.stop();
  }
}

interface Written {
  readonly chunks: number;
  readonly eventBytes: number;
  readonly parts: Readonly<Record<string, number>>;
}

async function growthRows(pair: Pair, group: string, pace: Script['pace']): Promise<Row[]> {
  const measure = (chunks: number) => write(pair, { chunks, chunkLength: KILOBYTE, pace });
  const few = await measure(FEW);
  const some = await measure(SOME);
  const many = await measure(MANY);
  const growth = bytesPerChunk(some, many) / bytesPerChunk(few, some);
  const label = `a chunk’s bytes, ${SOME} to ${MANY} ÷ ${FEW} to ${SOME}`;
  return [
    ...[few, some, many].map((written) => ratioRow(group, written, TARGETS.writtenBytes)),
    ...partRows(group, many),
    { group, label, value: growth, unit: '×', target: TARGETS.writtenGrowth },
  ];
}

async function write(pair: Pair, script: Script): Promise<Written> {
  const before = await bytes(pair);
  await pair.openTask();
  const { eventBytes } = await pair.a.play(script);
  await pair.b.tapped();
  await pair.settled();
  return { chunks: script.chunks, eventBytes, parts: added(before, await bytes(pair)) };
}

async function bytes(pair: Pair): Promise<Record<string, number>> {
  const meters = await Promise.all([pair.a.metered(), pair.b.metered()]);
  return together(...meters.map(({ written }) => ({ ...written })));
}

function bytesPerChunk(from: Written, to: Written): number {
  return (sum(to.parts) - sum(from.parts)) / (to.chunks - from.chunks);
}

function ratioRow(group: string, { chunks, eventBytes, parts }: Written, target?: Target): Row {
  return { group, label: chunkCount(chunks), value: sum(parts) / eventBytes, unit: '×', target };
}

/** Of what the bytes consist. */
function partRows(group: string, { eventBytes, parts }: Written): Row[] {
  const all = Object.entries({ ...parts, 'the events’ JSON': eventBytes });
  return all.map(([label, value]) => ({ group, label, value, unit: 'bytes', detail: true }));
}

async function wholeTaskRows(): Promise<Row[]> {
  const group =
    'For comparison: the whole task saved with every event, as the SDK does, chunks of 1 KB';
  const rows: Row[] = [];
  for (const chunks of [FEW, SOME, MANY]) {
    const saved = await wholeTaskSaves({ chunks, chunkLength: KILOBYTE, pace: 'burst' });
    rows.push(ratioRow(group, { chunks, ...saved }));
  }
  return rows;
}

function chunkCount(chunks: number): string {
  return `${chunks.toLocaleString('en-US')} chunks`;
}
