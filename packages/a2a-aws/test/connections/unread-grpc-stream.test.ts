import { seededEntropy, TestClock } from '@a2a-aws/testkit/fakes';
import { ServerCallContext } from '@a2a-js/sdk/server';
import {
  type ClientReadableStream,
  credentials,
  makeGenericClientConstructor,
  Server,
  ServerCredentials,
  type ServerWritableStream,
  type ServiceDefinition,
  status,
} from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Connection, connectionOf } from '../../src/connections/connection.ts';
import { connectionService } from '../../src/connections/connection-service.ts';

type Call = ServerWritableStream<Buffer, Buffer>;

const bytes = { serialize: (data: Buffer) => data, deserialize: (data: Buffer) => data };
const definition = {
  read: {
    path: '/test/read',
    requestStream: false,
    responseStream: true,
    requestSerialize: bytes.serialize,
    requestDeserialize: bytes.deserialize,
    responseSerialize: bytes.serialize,
    responseDeserialize: bytes.deserialize,
  },
} satisfies ServiceDefinition;

const clock = new TestClock();

const EVENT_BYTES = 300_000;
let server: Server;
let client: InstanceType<ReturnType<typeof makeGenericClientConstructor>>;
let connection: Connection;
let written: number;
let ended: Promise<void>;

/** Writes events as a handler does: each after the client has taken those before. */
async function writeAll(call: Call, count: number): Promise<void> {
  for (written = 0; written < count; written++) {
    await connection.drained();
    if (connection.left.aborted) break;
    call.write(Buffer.alloc(EVENT_BYTES));
  }
  call.end();
}

beforeEach(async () => {
  server = new Server();
  const read = (call: Call): void => {
    const headers = call.metadata.getMap();
    const context = new ServerCallContext({ state: new Map([['headers', headers]]) });
    connection = connectionOf(context) as Connection;
    ended = writeAll(call, 40);
  };
  server.addService(definition, connectionService({ read }, seededEntropy('token'), clock));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  const Client = makeGenericClientConstructor(definition, 'test');
  client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
});

afterEach(() => {
  client.close();
  server.forceShutdown();
});

function call(): ClientReadableStream<Buffer> {
  return client.read?.(Buffer.alloc(0)) as ClientReadableStream<Buffer>;
}

/** Resolves with what the client got. */
function reads(stream: ClientReadableStream<Buffer>): Promise<{ count: number; code: number }> {
  return new Promise((resolve) => {
    let count = 0;
    stream.on('data', () => {
      count += 1;
    });
    stream.on('error', () => {});
    stream.on('status', ({ code }) => resolve({ count, code }));
    stream.resume();
  });
}

/** Resolves when the stream waits for its client. */
async function stalls(): Promise<void> {
  await expect.poll(() => clock.pending).toBeGreaterThan(0);
}

test('[I8] a gRPC client that reads nothing for a minute gets an error, and its stream ends', async () => {
  const stream = call();
  await new Promise((resolve) => stream.once('readable', resolve));
  await stalls();
  expect(written * EVENT_BYTES).toBeLessThan(2 * 1024 * 1024);

  await clock.advance(60_000);

  await ended;
  expect(connection.left.aborted).toBe(true);
  expect(clock.pending).toBe(0);
  const { count, code } = await reads(stream);
  expect({ count: count <= written, code }).toEqual({ count: true, code: status.UNAVAILABLE });
});

test('[I8] a gRPC client that reads slowly gets everything', async () => {
  const stream = call();
  await new Promise((resolve) => stream.once('readable', resolve));
  await stalls();
  expect(await reads(stream)).toEqual({ count: 40, code: status.OK });
  await ended;
  expect(clock.pending).toBe(0);
});
