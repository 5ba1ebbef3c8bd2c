import { randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import type { LogRecord } from '@a2a-aws/core';
import {
  encode,
  FIRST_SLOT,
  MAX_BODY_BYTES,
  recordBody,
  slotText,
  systemCompression,
} from '@a2a-aws/core/internal';
import { describe, expect, test } from 'vitest';
import {
  erasedItem,
  fromRecordItem as fromItem,
  type RecordItems,
  toRecordItems as toItems,
} from '../../src/log/record-item.ts';
import type { Item } from '../../src/table/item.ts';

/** An item holds 400 KB, names and keys included (Amazon DynamoDB developer guide, "Quotas"). */
const ITEM_BYTES = 400_000;

type ReadParts = Parameters<typeof fromItem>[1];

const toRecordItems = (record: LogRecord, compress: boolean): RecordItems =>
  toItems(record, compress ? systemCompression : undefined);

const fromRecordItem = (item: Item, readParts: ReadParts): Promise<LogRecord> =>
  fromItem(item, readParts, systemCompression);

const recordOf = (text: string): LogRecord => {
  const entry = { kind: 'start', run: 'r', attempt: 1, instance: 'i', contextId: text } as const;
  const encoded = [encode(entry)];
  return {
    id: 'id',
    instance: 'i',
    time: 5,
    slot: FIRST_SLOT,
    entries: encoded.map((one) => one.entry),
    body: recordBody(encoded),
  };
};

const sk = `event#${slotText(FIRST_SLOT)}`;
const none = async (): Promise<Uint8Array[]> => [];
const corrupt = expect.objectContaining({ code: 'corrupt-log' });

const short = recordOf('short');
const alike = recordOf('very much the same, '.repeat(5_000));
const large = recordOf('very much the same, '.repeat(100_000));
const noisy = recordOf(randomBytes(300_000).toString('hex'));

describe('a record as items', () => {
  test.each<[string, LogRecord, string[]]>([
    ['short', short, ['e']],
    ['of text that deflates well', alike, ['z']],
    ['larger than an item, deflated below that', large, ['z']],
    ['larger than an item, even deflated', recordOf(noise(1_500_000)), ['x', 'xz']],
  ])('%s is read as it was written', async (_, record, names) => {
    const { fields, parts } = toRecordItems(record, true);
    expect(Object.keys(fields)).toEqual(['v', 'id', 'by', 'at', ...names]);
    const read = await fromRecordItem({ ...fields, sk }, async (id) =>
      id === record.id ? [...parts] : [],
    );
    // Not the texts themselves: a failure would print megabytes.
    expect(read.body === record.body).toBe(true);
    expect({ ...read, body: '', entries: [] }).toEqual({ ...record, body: '', entries: [] });
  });

  test.each([true, false])('fits into items, deflated: %s', async (compress) => {
    for (const record of [short, alike, large, noisy]) {
      const { fields, parts } = toRecordItems(record, compress);
      for (const bytes of [
        Buffer.byteLength(JSON.stringify(fields.e ?? '')),
        ...parts.map((p) => p.length),
      ]) {
        expect(bytes).toBeLessThan(ITEM_BYTES);
      }
      const read = await fromRecordItem({ ...fields, sk }, async () => [...parts]);
      expect(read.body === record.body).toBe(true);
    }
  });

  test('is not deflated where that saves no write unit', () => {
    for (const record of [short, recordOf('x'.repeat(700))]) {
      expect(toRecordItems(record, true).fields).toMatchObject({ e: record.body });
    }
    expect(toRecordItems(alike, false).fields).toMatchObject({ e: alike.body });
  });

  test('that was erased contains only its slot', async () => {
    const { fields } = toRecordItems(short, true);
    const erased = erasedItem({ ...fields, sk, expires: 7 });
    expect(erased).toEqual({ v: 1, id: 'id', by: 'i', at: 5, expires: 7, gone: true });
    expect(await fromRecordItem({ ...erased, sk }, none)).toEqual({
      ...short,
      entries: [{ kind: 'deleted' }],
      body: '',
    });
  });
});

describe('an item that is no record of this release', () => {
  const { fields } = toRecordItems(short, true);

  test.each<[string, Item]>([
    ['a later version', { ...fields, sk, v: 2 }],
    ['no version', { ...fields, sk, v: undefined }],
    ['a sort key that is no slot', { ...fields, sk: 'event#1' }],
    ['no body', { ...fields, sk, e: undefined }],
    ['a body that is no JSON', { ...fields, sk, e: 'x' }],
    ['a body without entries', { ...fields, sk, e: '[]' }],
    ['an entry of an unknown kind', { ...fields, sk, e: '[{"k":"later"}]' }],
    ['bytes that cannot be inflated', { ...fields, sk, e: undefined, z: new Uint8Array([255]) }],
    ['no id', { ...fields, sk, id: undefined }],
    ['an entry without the message it needs', { ...fields, sk, e: '[{"k":"message","m":null}]' }],
    ['an event without content', { ...fields, sk, e: '[{"k":"event","e":{"task":null}}]' }],
    ['a body nested a million levels deep', { ...fields, sk, e: '['.repeat(300_000) }],
    ['bytes that would inflate to 64 MB', { ...fields, sk, e: undefined, z: bomb(64) }],
    ['a body just above the limit', { ...fields, sk, e: undefined, z: bomb(16.001) }],
    ['a million pieces', { ...fields, sk, e: undefined, x: 1_000_000, xz: true }],
  ])('%s is corrupt, never misread', async (_, item) => {
    await expect(fromRecordItem(item, none)).rejects.toEqual(corrupt);
  });

  test('of a million pieces not one is read', async () => {
    let reads = 0;
    const item = { ...fields, sk, e: undefined, x: 1_000_000 };
    const read = fromRecordItem(item, async () => {
      reads += 1;
      return [];
    });
    await expect(read).rejects.toEqual(corrupt);
    expect(reads).toBe(0);
  });

  test('pieces that would inflate beyond the limit, or are larger together, are corrupt', async () => {
    const parts = { ...fields, sk, e: undefined, x: 1 };
    const inflating = fromRecordItem({ ...parts, xz: true }, async () => [bomb(16.001)]);
    await expect(inflating).rejects.toEqual(corrupt);
    const plain = fromRecordItem(parts, async () => [Buffer.alloc(MAX_BODY_BYTES + 1, ' ')]);
    await expect(plain).rejects.toEqual(corrupt);
  });

  test.each([
    ['a piece too few', 1],
    ['a piece too many', -1],
  ])('%s is corrupt', async (_, missing) => {
    const { fields: split, parts } = toRecordItems(noisy, false);
    const some = missing > 0 ? parts.slice(missing) : [...parts, new Uint8Array()];
    await expect(fromRecordItem({ ...split, sk }, async () => some)).rejects.toEqual(corrupt);
  });
});

/** Bytes that inflate to so many megabytes of spaces. */
function bomb(megabytes: number): Uint8Array {
  return deflateRawSync(Buffer.alloc(megabytes * 2 ** 20, ' '));
}

/** Text of this length that deflating makes not even by half shorter. */
function noise(length: number): string {
  return randomBytes(length).toString('base64url').slice(0, length);
}
