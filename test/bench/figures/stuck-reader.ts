import type { LocalAws } from '@a2a-aws/local';
import { Pair } from '../process/pair.ts';
import { stuckReader } from '../process/stuck-reader.ts';
import type { Row } from '../row.ts';
import { TARGETS } from '../targets.ts';

const CHUNKS = 1_600;
const CHUNK_LENGTH = 128 * 1024;
const MEGABYTE = 1024 * 1024;

/**
 * Measures B's memory at the end of a long stream that one reader follows, with and without a stuck
 * reader.
 */
export async function stuckReaderMemory(aws: LocalAws): Promise<Row[]> {
  const alone = await heldAfter(aws, 'alone', false);
  const beside = await heldAfter(aws, 'beside', true);
  const megabytes = Math.round((CHUNKS * CHUNK_LENGTH) / MEGABYTE);
  const group = `A stuck HTTP reader of a ${megabytes} MB stream, beside one that keeps up`;
  const unit = 'MB';
  return [
    { group, label: 'held without it', value: alone / MEGABYTE, unit },
    { group, label: 'held with it', value: beside / MEGABYTE, unit },
    { group, label: 'more', value: (beside - alone) / MEGABYTE, unit, target: TARGETS.stuckReader },
  ];
}

async function heldAfter(aws: LocalAws, fleet: string, stuck: boolean): Promise<number> {
  const pair = await Pair.start(aws, fleet, false);
  try {
    const url = await pair.b.serve();
    const id = await pair.openTask();
    const close = stuck ? await stuckReader(url, id) : () => {};
    await pair.a.play({
      chunks: CHUNKS,
      chunkLength: CHUNK_LENGTH,
      pace: 'durable',
      replaces: true,
    });
    const tapped = await pair.b.tapped();
    if (tapped?.chunks !== CHUNKS) throw new Error(`The tap gave ${tapped?.chunks} chunks.`);
    const held = await pair.b.held();
    close();
    return held;
  } finally {
    await pair.stop();
  }
}
