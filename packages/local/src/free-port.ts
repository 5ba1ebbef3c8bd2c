import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { LOOPBACK } from './loopback.ts';

/**
 * A loopback TCP port that was free a moment ago. It is not reserved: the caller must be ready
 * to lose it and ask again.
 */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, LOOPBACK);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
