import { deflateRawSync } from 'node:zlib';
import { FIRST_SLOT, MAX_SNAPSHOT_BYTES, systemCompression } from '@a2a-aws/core/internal';
import { describe, expect, test } from 'vitest';
import { snapshotOf, toPointer } from '../../src/log/head-item.ts';
import { fromChunks, MAX_CHUNKS, toChunks } from '../../src/log/snapshot-chunks.ts';

const corrupt = expect.objectContaining({ code: 'corrupt-log' });

describe('a snapshot in chunks', () => {
  test('is read as it was written', async () => {
    const text = JSON.stringify({ text: 'äöü '.repeat(200_000) });
    const bytes = await fromChunks(await toChunks(text, systemCompression), systemCompression);
    expect(Buffer.from(bytes).toString() === text).toBe(true);
  });

  test('that would inflate beyond the limit is corrupt', async () => {
    const bomb = deflateRawSync(Buffer.alloc(MAX_SNAPSHOT_BYTES + 1, ' '));
    await expect(fromChunks([bomb], systemCompression)).rejects.toEqual(corrupt);
  });

  test('larger than the limit is not written', async () => {
    const text = ' '.repeat(MAX_SNAPSHOT_BYTES + 1);
    await expect(toChunks(text, systemCompression)).rejects.toEqual(
      expect.objectContaining({ code: 'event-too-large' }),
    );
  });

  test('has no more chunks than the largest can have', () => {
    const item = (chunks: number) => ({
      v: 1,
      ...toPointer({ id: 's', slot: FIRST_SLOT, chunks }),
    });
    expect(snapshotOf(item(MAX_CHUNKS))?.chunks).toBe(MAX_CHUNKS);
    expect(() => snapshotOf(item(1_000_000))).toThrow(corrupt);
  });
});
