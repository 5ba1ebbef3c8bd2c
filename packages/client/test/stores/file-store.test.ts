import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cursorStoreSuite } from '@a2a-aws/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fileStore } from '../../src/stores/file-store.ts';

const newDirectory = (): Promise<string> => mkdtemp(join(tmpdir(), 'positions-'));

cursorStoreSuite('fileStore', async () => {
  const parent = await newDirectory();
  const directory = join(parent, 'does', 'not', 'exist yet');
  return {
    store: fileStore(directory),
    reopen: () => fileStore(directory),
    dispose: () => rm(parent, { recursive: true }),
  };
});

describe('fileStore', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await newDirectory();
  });
  afterEach(() => rm(directory, { recursive: true }));

  test('leaves one file for each stream, and no part of one', async () => {
    const store = fileStore(directory);
    await Promise.all([1, 2, 3, 4].map((n) => store.set('task//a', `${n}`)));
    await store.set('task//b', '1');
    const names = await readdir(directory);
    expect(names).toHaveLength(2);
    for (const name of names) expect(name).toMatch(/^[\w-]{43}\.json$/);
  });

  test('removes files after some time, and no files of others', async () => {
    const old = new Date(Date.now() - 600_000);
    const first = fileStore(directory);
    await first.set('old', '1');
    const [own] = await readdir(directory);
    const part = `${own}.${randomUUID()}.tmp`;
    const others = ['package.json', 'download.tmp', 'of-others.txt', `${own}.tmp`];
    for (const name of [part, ...others]) await writeFile(join(directory, name), '');
    for (const name of await readdir(directory)) await utimes(join(directory, name), old, old);
    await first.set('young', '1');
    const store = fileStore(directory, { keepMs: 300_000 });
    await store.set('new', '1');
    expect(await store.get('old')).toBeUndefined();
    expect(await store.get('young')).toBe('1');
    const names = await readdir(directory);
    expect(names).toHaveLength(2 + others.length);
    expect(names).toEqual(expect.arrayContaining(others));
  });

  test('rejects if it cannot write, and works once it can', async () => {
    const path = join(directory, 'a file');
    await writeFile(path, '');
    const store = fileStore(path);
    await expect(store.set('a', '1')).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(store.get('a')).rejects.toMatchObject({ code: 'ENOTDIR' });
    await rm(path);
    await store.set('a', '1');
    expect(await store.get('a')).toBe('1');
  });
});
