import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { CursorStore } from './cursor-store.ts';

export interface FileStoreOptions {
  /**
   * How long a position is kept after it was set last, in milliseconds. It must be longer than a message
   * may be sent again.
   * @default 30 days
   */
  readonly keepMs?: number | undefined;
}

/** The name of a position's file, or of a part of one. Other files in the directory are not the store's. */
const OWN_NAME = /^[\w-]{43}\.json(\.[\da-f-]{36}\.tmp)?$/;
const DAY_MS = 24 * 60 * 60 * 1_000;

/**
 * Returns a store with one file for each stream in a directory of its own. A position is replaced as a
 * whole or not at all, also if the process is killed or the machine loses power.
 *
 * @example
 * ```ts
 * import { resumable } from '@a2a-aws/client';
 * import { fileStore } from '@a2a-aws/client/node';
 *
 * declare const client: import('@a2a-js/sdk/client').Client;
 * const agent = resumable(client, { store: fileStore('./positions') });
 * ```
 */
export function fileStore(directory: string, options: FileStoreOptions = {}): CursorStore {
  const { keepMs = 30 * DAY_MS } = options;
  // Keys contain ids of servers and clients, which no file system takes as they are.
  const fileOf = (key: string): string => {
    const name = createHash('sha256').update(key, 'utf16le').digest('base64url');
    return join(directory, `${name}.json`);
  };
  let ready: Promise<void> | undefined;
  return {
    async get(key) {
      try {
        return await readFile(fileOf(key), 'utf8');
      } catch (error) {
        if (isAbsent(error)) return undefined;
        throw error;
      }
    },
    async set(key, value) {
      ready ??= prepare(directory, keepMs).catch((error: unknown) => {
        ready = undefined;
        throw error;
      });
      await ready;
      await replace(directory, fileOf(key), value);
    },
    async delete(key) {
      await rm(fileOf(key), { force: true });
    },
  };
}

/** Creates the directory, and removes the positions and parts of positions that are too old. */
async function prepare(directory: string, keepMs: number): Promise<void> {
  await mkdir(directory, { recursive: true });
  const oldest = Date.now() - keepMs;
  for (const name of await readdir(directory)) {
    if (!OWN_NAME.test(name)) continue;
    const file = join(directory, name);
    // Another process may remove the file at the same time.
    const found = await stat(file).catch(() => undefined);
    if (found && found.mtimeMs < oldest) await rm(file, { force: true });
  }
}

async function replace(directory: string, file: string, value: string): Promise<void> {
  const part = `${file}.${randomUUID()}.tmp`;
  try {
    const handle = await open(part, 'wx');
    try {
      await handle.writeFile(value);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(part, file);
    await syncDirectory(directory);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

/** Makes the new name durable. Windows has no such call, and needs none. */
async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isAbsent(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'ENOENT';
}
