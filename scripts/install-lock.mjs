import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, rmdir, stat, utimes, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const HEARTBEAT_MS = 2_000;
/** An owner that has not touched its file for this long was killed. */
const STALE_MS = 20_000;

/**
 * Runs `work` while no other process that uses the same directory does. The directory holds one
 * file, named after its owner and touched while the owner lives; renaming that file takes over from
 * a dead owner, and only one process can win that.
 *
 * @param {string} directory its parent must exist
 * @param {() => Promise<void>} work
 * @param {() => void} onWait called once if another process is at it
 */
export async function withLock(directory, work, onWait) {
  const owner = `${directory}/${randomUUID()}`;
  for (let waited = false; !(await taken(directory, owner)); waited = true) {
    if (!waited) onWait();
    await sleep(250);
  }
  const heartbeat = setInterval(() => touch(owner).catch(() => {}), HEARTBEAT_MS);
  try {
    await work();
  } finally {
    clearInterval(heartbeat);
    // Only what is ours: whoever took over has renamed the file.
    await rm(owner, { force: true });
    await rmdir(directory).catch(() => {});
  }
}

async function taken(directory, owner) {
  try {
    await mkdir(directory);
    await writeFile(owner, '');
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST' && error.code !== 'ENOENT') throw error;
  }
  try {
    const [name] = await readdir(directory);
    const other = name === undefined ? directory : `${directory}/${name}`;
    if (Date.now() - (await stat(other)).mtimeMs < STALE_MS) return false;
    if (name === undefined) {
      await rmdir(directory);
      return false;
    }
    // Touched first, so that nobody finds the new owner stale.
    await touch(other);
    await rename(other, owner);
    return true;
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTEMPTY') return false;
    throw error;
  }
}

async function touch(path) {
  const now = new Date();
  await utimes(path, now, now);
}
