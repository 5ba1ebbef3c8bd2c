import { createRequire } from 'node:module';
import { BackendError } from '@a2a-aws/core';
import { guardScript } from '../guarded-child.ts';
import { LOOPBACK, loopbackUrl } from '../loopback.ts';
import { type EmbeddedService, whenReady } from './embedded-service.ts';
import { REGION } from './local-client-config.ts';

const require = createRequire(import.meta.url);

/** Binds port 0 itself, so no port can be lost to another process, and reports it. */
const SCRIPT = `
process.on('disconnect', () => process.exit());
const [, dynalite, host] = process.argv;
const server = require(dynalite)({ createTableMs: 0, updateTableMs: 0, deleteTableMs: 0 });
server.listen(0, host, () => process.send(server.address().port));
`;

/**
 * Starts dynalite, its tables in memory, in a node of its own: in process, each request of the
 * cluster's other processes would take its milliseconds from this one's event loop.
 *
 * @throws BackendError `configuration` when it does not run, `unreachable` when it does not get ready.
 */
export async function startDynalite(): Promise<EmbeddedService> {
  const guarded = guardScript(
    SCRIPT,
    [require.resolve('dynalite'), LOOPBACK],
    // It puts the region into the ARNs of its tables.
    { AWS_REGION: REGION },
  );
  const port = new Promise<number>((resolve) => guarded.process.once('message', resolve));
  const outcome = await whenReady(guarded, port);
  if ('ready' in outcome) return { endpoint: loopbackUrl(outcome.ready), stop: guarded.stop };
  throw new BackendError('configuration', 'The embedded DynamoDB (dynalite) does not start.', {
    cause: outcome.ended,
  });
}
