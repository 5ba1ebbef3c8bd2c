import { createRequire } from 'node:module';
import { BackendError } from '@a2a-aws/core';
import { freePort } from '../free-port.ts';
import { type GuardedChild, guardProgram } from '../guarded-child.ts';
import { LOOPBACK, loopbackUrl } from '../loopback.ts';
import { type EmbeddedService, whenReady } from './embedded-service.ts';

const require = createRequire(import.meta.url);

/** Bind attempts, each on another port. */
const ATTEMPTS = 5;

/** Where dynoxide's binary is; undefined on a platform that its optional package does not serve. */
export function dynoxideBinary(): string | undefined {
  try {
    return require.resolve('@dynoxide/linux-x64/dynoxide');
  } catch {
    return undefined;
  }
}

/**
 * Starts dynoxide, its tables in memory.
 *
 * @throws BackendError `configuration` when the binary does not run, or finds no port to bind;
 * `unreachable` when it does not get ready.
 */
export async function startDynoxide(binary: string): Promise<EmbeddedService> {
  let cause: Error | undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = await freePort();
    const guarded = guardProgram(binary, ['serve', '--host', LOOPBACK, '--port', String(port)]);
    const outcome = await whenReady(guarded, listening(guarded));
    if ('ready' in outcome) return { endpoint: loopbackUrl(port), stop: guarded.stop };
    cause = outcome.ended;
  }
  throw new BackendError('configuration', 'The embedded DynamoDB (dynoxide) does not start.', {
    cause,
  });
}

/** By its own word: whatever answers at the port could be the one that took it first. */
function listening(guarded: GuardedChild): Promise<void> {
  return new Promise((resolve) => {
    guarded.process.stderr?.on('data', () => {
      if (/listening/i.test(guarded.stderr())) resolve();
    });
  });
}
