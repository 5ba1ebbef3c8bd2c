import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BackendError } from '@a2a-aws/core';
import { createBackend } from 'a2a-aws';
import { LOOPBACK } from '../loopback.ts';
import { agentCard } from './agent-card.ts';
import { loadExecutor } from './executor-module.ts';
import { serverApp } from './server-app.ts';
import type { ServerMessage, ServerSettings } from './server-protocol.ts';

/** Longer than load balancers keep an idle connection, in milliseconds. */
const KEEP_ALIVE_MS = 65_000;
/** How long runs may take to finish on SIGTERM, and when the parent has gone, perhaps with AWS. */
const DRAIN_MS = 10_000;
const ORPHAN_DRAIN_MS = 1_000;
/** The time for a stop beyond draining; after it the process ends as it is. */
const GRACE_MS = 5_000;

let stop = async (_drainMs: number): Promise<void> => {};
let ending = false;

async function serve(settings: ServerSettings): Promise<ServerMessage> {
  const { name, publicUrl, executor, lease } = settings;
  const agent = await loadExecutor(executor);
  const backend = createBackend({
    instanceId: name,
    lease,
    // Receivers of push notifications are on this machine, too.
    push: { allowHttp: true, allowPrivateAddresses: true },
  });
  const app = serverApp(name, backend, backend.requestHandler(agentCard(publicUrl), agent));
  const server = createServer(app);
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  stop = async (drainMs) => {
    // First, so that a load balancer chooses another server. Open requests continue.
    server.close();
    await backend.stop({ drainMs });
    server.closeAllConnections();
  };
  await backend.start();
  server.listen(0, LOOPBACK);
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port };
}

async function end(drainMs: number): Promise<void> {
  setTimeout(() => process.exit(1), drainMs + GRACE_MS);
  if (ending) return;
  ending = true;
  await stop(drainMs);
  process.exit(0);
}

function failure(error: unknown): ServerMessage {
  const known = error instanceof BackendError;
  const cause = known && error.cause !== undefined ? `\n${String(error.cause)}` : '';
  return { failed: known ? error.code : 'configuration', reason: `${String(error)}${cause}` };
}

process.once('disconnect', () => end(ORPHAN_DRAIN_MS));
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => end(DRAIN_MS));

serve(JSON.parse(process.argv[2] ?? '{}')).then(
  (message) => process.send?.(message),
  (error: unknown) => process.send?.(failure(error), () => process.exit(1)),
);
