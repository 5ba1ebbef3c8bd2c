import type { LocalAws } from '@a2a-aws/local';
import { KILOBYTE, words } from '../agent/payload.ts';
import { prose } from '../agent/prose.ts';
import { added, sum, together } from '../meter/difference.ts';
import { Pair } from '../process/pair.ts';
import type { Row, Target } from '../row.ts';
import { SoloInstance, type SoloScript } from '../solo/solo-instance.ts';
import { TARGETS } from '../targets.ts';
import { wholeTaskSaves } from './whole-task-saves.ts';

const FEW = 10;
const COUNTS = [100, 1_000, 10_000] as const;
const MANY = 1_000;
/** The number of characters that a language model streams at a time. */
const TOKEN = 20;
const GROUP = 'Bytes written to DynamoDB ÷ the events’ JSON';
const PACES = [
  { pace: 'burst', name: 'in one burst' },
  { pace: 'durable', name: 'one event a record' },
] as const;

/**
 * Measures the bytes written to DynamoDB for a task of N appended chunks, beside the JSON of its
 * events.
 */
export async function writtenBytes(aws: LocalAws): Promise<Row[]> {
  const rows: Row[] = [];
  for (const compress of [false, true]) {
    const solo = await SoloInstance.start({ compress });
    const how = compress ? 'compressed' : 'not compressed';
    for (const { pace, name } of PACES) {
      const group = `${GROUP}, chunks of 1 KB of prose, ${name}, ${how}`;
      const target = TARGETS[compress ? 'compressedBytes' : 'plainBytes'][pace];
      rows.push(...(await growthRows(solo, group, pace, target)));
    }
    await solo.stop();
  }
  return [...rows, ...(await otherTextRows()), ...(await tapRows(aws)), ...(await wholeTaskRows())];
}

interface Written {
  readonly chunks: number;
  readonly eventBytes: number;
  readonly parts: Readonly<Record<string, number>>;
  readonly units: number;
}

async function growthRows(
  solo: SoloInstance,
  group: string,
  pace: SoloScript['pace'],
  target: Target,
): Promise<Row[]> {
  const measure = (chunks: number): Promise<Written> =>
    write(solo, { chunks, pace, text: (at) => prose(KILOBYTE, at) });
  const few = await measure(FEW);
  const [some, many, most] = [
    await measure(COUNTS[0]),
    await measure(COUNTS[1]),
    await measure(COUNTS[2]),
  ];
  return [
    ratioRow(group, few, TARGETS.fewChunksBytes),
    ...[some, many, most].map((written) => ratioRow(group, written, target)),
    ...partRows(group, most),
    {
      group,
      label: 'write units an event, each write and each index copy rounded up',
      value: most.units / most.chunks,
      unit: '',
    },
    {
      group,
      label: 'a chunk’s bytes, 1,000 to 10,000 ÷ 100 to 1,000',
      value: bytesPerChunk(many, most) / bytesPerChunk(some, many),
      unit: '×',
      target: TARGETS.writtenGrowth,
    },
  ];
}

async function write(solo: SoloInstance, script: SoloScript): Promise<Written> {
  const [bytes, units] = [solo.meter.bytes(), solo.meter.units()];
  const { eventBytes } = await solo.play(script);
  return {
    chunks: script.chunks,
    eventBytes,
    parts: added({ ...bytes }, { ...solo.meter.bytes() }),
    units: sum(added({ ...units }, { ...solo.meter.units() })),
  };
}

/** Measures figures without a target: tokens, and text that no model writes. */
async function otherTextRows(): Promise<Row[]> {
  const solo = await SoloInstance.start();
  const texts = [
    { name: `tokens of ${TOKEN} bytes`, text: (at: number) => prose(TOKEN, at) },
    { name: '1 KB of random letters', text: (at: number) => words(KILOBYTE, at) },
  ];
  const rows: Row[] = [];
  for (const { name, text } of texts) {
    for (const { pace, name: how } of PACES) {
      const written = await write(solo, { chunks: MANY, pace, text });
      const label = `${chunkCount(MANY)}, ${name}, ${how}`;
      rows.push({ ...ratioRow(`${GROUP}, compressed, other texts`, written), label });
    }
  }
  await solo.stop();
  return rows;
}

/**
 * Measures the whole path from a client's send on A to a tap on B, which includes writes of
 * watches.
 */
async function tapRows(aws: LocalAws): Promise<Row[]> {
  const pair = await Pair.start(aws, 'written-bytes', true);
  try {
    const before = await bytes(pair);
    await pair.openTask();
    const script = { chunks: MANY, chunkLength: KILOBYTE, pace: 'durable' } as const;
    const { eventBytes } = await pair.a.play(script);
    await pair.b.tapped();
    await pair.settled();
    const parts = added(before, await bytes(pair));
    const group = `${GROUP}, 1 KB of random letters, one event a record, tapped on another instance`;
    const written = { chunks: MANY, eventBytes, parts };
    return [ratioRow(group, written, TARGETS.writtenBytes), ...partRows(group, written)];
  } finally {
    await pair.stop();
  }
}

async function bytes(pair: Pair): Promise<Record<string, number>> {
  const meters = await Promise.all([pair.a.metered(), pair.b.metered()]);
  return together(...meters.map(({ written }) => ({ ...written })));
}

function bytesPerChunk(from: Written, to: Written): number {
  return (sum(to.parts) - sum(from.parts)) / (to.chunks - from.chunks);
}

type Sized = Pick<Written, 'chunks' | 'eventBytes' | 'parts'>;

function ratioRow(group: string, { chunks, eventBytes, parts }: Sized, target?: Target): Row {
  return { group, label: chunkCount(chunks), value: sum(parts) / eventBytes, unit: '×', target };
}

/** Returns a row for each part of the bytes. */
function partRows(group: string, { eventBytes, parts }: Sized): Row[] {
  const all = Object.entries({ ...parts, 'the events’ JSON': eventBytes });
  return all.map(([label, value]) => ({ group, label, value, unit: 'bytes', detail: true }));
}

async function wholeTaskRows(): Promise<Row[]> {
  const group =
    'For comparison: the whole task saved with every event, as the SDK does, chunks of 1 KB';
  const rows: Row[] = [];
  for (const chunks of [FEW, COUNTS[0], MANY]) {
    const saved = await wholeTaskSaves({ chunks, chunkLength: KILOBYTE, pace: 'burst' });
    rows.push(ratioRow(group, { chunks, ...saved }));
  }
  return rows;
}

function chunkCount(chunks: number): string {
  return `${chunks.toLocaleString('en-US')} chunks`;
}
