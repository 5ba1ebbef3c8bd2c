import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { jsonRpcHandler, restHandler } from '@a2a-js/sdk/server/express';
import { RESUMABLE_STREAMS } from 'a2a-aws';
import express from 'express';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { USER_HEADER, userBuilder } from './fixtures/a2a-node.ts';
import { clientAt } from './fixtures/clients.ts';
import { eventually, Gate } from './fixtures/eventually.ts';
import { Fleet } from './fixtures/fleet.ts';
import {
  fetchClient,
  type GenerationClient,
  type Seen,
  type SeenError,
  sdkClient,
} from './fixtures/generation-clients.ts';
import { GrpcEndpoint } from './fixtures/grpc-endpoint.ts';

const timeout = 60_000;
const NEWER = { 'A2A-Version': '1.1' };
const EXTENDED = { 'A2A-Version': '1.0', 'A2A-Extensions': RESUMABLE_STREAMS };
const MODES = [
  'JSON-RPC of 1.1',
  'REST of 1.1',
  'JSON-RPC with the extension',
  'REST with the extension',
  'gRPC with the extension',
] as const;
type Mode = (typeof MODES)[number];

let fleet: Fleet;
let grpc: GrpcEndpoint;

beforeAll(async () => {
  fleet = await Fleet.start();
  const { backend, requestHandler } = fleet.b;
  const user = { isAuthenticated: true, userName: 'ann' };
  grpc = await GrpcEndpoint.start(requestHandler, backend, async () => user);
}, timeout);

afterAll(async () => {
  grpc.stop();
  await fleet.stop();
}, timeout);

/** Clients of instance B. */
async function clientOf(mode: Mode): Promise<GenerationClient> {
  switch (mode) {
    case 'JSON-RPC of 1.1':
      return fetchClient(fleet.b.url, 'JSONRPC', NEWER);
    case 'REST of 1.1':
      return fetchClient(fleet.b.url, 'HTTP+JSON', NEWER);
    case 'JSON-RPC with the extension':
      return fetchClient(fleet.b.url, 'JSONRPC', EXTENDED);
    case 'REST with the extension':
      return fetchClient(fleet.b.url, 'HTTP+JSON', EXTENDED);
    case 'gRPC with the extension':
      return sdkClient(await clientAt(grpc.url, 'GRPC'));
  }
}

/** Sends a message to instance A. */
function onA(): GenerationClient {
  return fetchClient(fleet.a.url, 'HTTP+JSON', NEWER);
}

const works = (): string =>
  fleet.script((turn) => {
    turn.task();
    turn.artifact('out', 'one');
    turn.status('INPUT_REQUIRED');
  });
const completes = (): string =>
  fleet.script((turn) => {
    turn.status('WORKING');
    turn.status('COMPLETED');
  });

async function asking(client: GenerationClient): Promise<Seen> {
  return (await client.send(works())) as Seen;
}

function invalid(answer: unknown): void {
  expect(answer).toMatchObject({ reason: 'INVALID_PARAMS' });
}

function mismatch(mode: Mode, taskId: string, expected: number, current: number): SeenError {
  const status = mode.startsWith('JSON-RPC') ? -32010 : mode.startsWith('REST') ? 409 : 10;
  return {
    status,
    reason: 'TASK_GENERATION_MISMATCH',
    metadata: {
      taskId,
      expectedGeneration: `${expected}`,
      currentGeneration: `${current}`,
    },
  };
}

describe.each(MODES)('the generation over %s', (mode) => {
  test('[I2] is in the answer of a send that waits', { timeout }, async () => {
    const client = await clientOf(mode);
    expect(await client.send(works())).toMatchObject({ state: 'INPUT_REQUIRED', generation: 3 });
  });

  test('[I2] is in the answer of a send that does not wait', { timeout }, async () => {
    const client = await clientOf(mode);
    const gate = new Gate();
    const text = fleet.script(async (turn) => {
      turn.task();
      await gate.opened;
      turn.status('COMPLETED');
    });
    const answer = await client.send(text, { returnImmediately: true });
    gate.open();
    expect(answer).toMatchObject({ state: 'WORKING', generation: 1 });
  });

  test('[I2] is in the answer of GetTask', { timeout }, async () => {
    const client = await clientOf(mode);
    const { id } = await asking(client);
    expect(await client.get(id)).toMatchObject({ state: 'INPUT_REQUIRED', generation: 3 });
  });

  test('[I2] is in each task of a list', { timeout }, async () => {
    const client = await clientOf(mode);
    const { id } = await asking(client);
    const tasks = await client.list();
    expect(tasks.find((task) => task.id === id)).toMatchObject({ generation: 3 });
    expect(tasks.every(({ generation }) => Number(generation) >= 1)).toBe(true);
  });

  test('[I2] is in the answer of a cancel', { timeout }, async () => {
    const client = await clientOf(mode);
    const { id } = await asking(client);
    expect(await client.cancel(id)).toMatchObject({ state: 'CANCELED', generation: 4 });
  });

  test('[I2] is in each frame of a stream, one more each time', { timeout }, async () => {
    const client = await clientOf(mode);
    const frames = (await client.stream(works())) as readonly Seen[];
    expect(frames.map(({ generation }) => generation)).toEqual([1, 2, 3]);
  });

  test('[I2] is in each frame of a subscription', { timeout }, async () => {
    const client = await clientOf(mode);
    const { id } = await asking(client);
    const generations: unknown[] = [];
    const reading = client.subscribe(id, ({ generation }) => generations.push(generation));
    await eventually('the first frame', () => generations.length > 0);
    await onA().send(completes(), { taskId: id });
    await reading;
    expect(generations).toEqual([3, 4, 5]);
  });
});

describe.each(MODES)('a long poll over %s', (mode) => {
  test('[I3] is answered when another instance appends an event', { timeout }, async () => {
    const client = await clientOf(mode);
    const { id } = await asking(onA());
    let isAnswered = false;
    const polled = client.get(id, 3).finally(() => {
      isAnswered = true;
    });
    await eventually('the watch of B', () => fleet.b.backend.stats().taps > 0);
    expect(isAnswered).toBe(false);
    await onA().send(completes(), { taskId: id });
    const { generation } = (await polled) as Seen;
    expect(Number(generation)).toBeGreaterThan(3);
    await eventually('no tap on B', () => fleet.b.backend.stats().taps === 0);
  });

  test('is answered at once if the generation is later already', { timeout }, async () => {
    const client = await clientOf(mode);
    const { id } = await asking(onA());
    expect(await client.get(id, 2)).toMatchObject({ id, generation: 3 });
    expect(await client.get(id, 0)).toMatchObject({ id, generation: 3 });
  });

  test('is answered at once if the task has ended', { timeout }, async () => {
    const client = await clientOf(mode);
    const { id } = await asking(onA());
    await onA().send(completes(), { taskId: id });
    expect(await client.get(id, 5)).toMatchObject({ state: 'COMPLETED', generation: 5 });
  });

  test('of a task that does not exist is refused at once', { timeout }, async () => {
    const client = await clientOf(mode);
    expect(await client.get('no-such-task', 1)).toMatchObject({ reason: 'TASK_NOT_FOUND' });
  });

  test.each(['x', '-1', '1.5', '99999999999999999999'])(
    'refuses the generation %s',
    {
      timeout,
    },
    async (value) => {
      const client = await clientOf(mode);
      const { id } = await asking(onA());
      invalid(await client.get(id, value));
    },
  );
});

describe.each(MODES)('a message with ifGenerationMatch over %s', (mode) => {
  test('[I1] starts a run if the task has this generation', { timeout }, async () => {
    const client = await clientOf(mode);
    const { id } = await asking(client);
    const answer = await client.send(completes(), { taskId: id, ifGenerationMatch: 3 });
    expect(answer).toMatchObject({ state: 'COMPLETED', generation: 5 });
  });

  test('[I1] may write the generation as a string', { timeout }, async () => {
    const client = await clientOf(mode);
    const { id } = await asking(client);
    const answer = await client.send(completes(), { taskId: id, ifGenerationMatch: '3' });
    expect(answer).toMatchObject({ state: 'COMPLETED' });
  });

  test.each([0, 2, 4])(
    '[I1] is refused with the generation %s of 3',
    { timeout },
    async (other) => {
      const client = await clientOf(mode);
      const { id } = await asking(client);
      const refused = await client.send(completes(), { taskId: id, ifGenerationMatch: other });
      expect(refused).toEqual(mismatch(mode, id, other, 3));
      expect(await client.get(id)).toMatchObject({ state: 'INPUT_REQUIRED', generation: 3 });
    },
  );

  test('[I1] is refused before its stream', { timeout }, async () => {
    const client = await clientOf(mode);
    const { id } = await asking(client);
    const refused = await client.stream(completes(), { taskId: id, ifGenerationMatch: 1 });
    expect(refused).toEqual(mismatch(mode, id, 1, 3));
  });

  test('is refused without a task', { timeout }, async () => {
    const client = await clientOf(mode);
    invalid(await client.send(works(), { ifGenerationMatch: 1 }));
  });

  test('is refused with a generation that is no number', { timeout }, async () => {
    const client = await clientOf(mode);
    const { id } = await asking(client);
    invalid(await client.send(completes(), { taskId: id, ifGenerationMatch: 'x' }));
  });
});

describe('a client of A2A 1.0', () => {
  const OLDER = { 'A2A-Version': '1.0' };

  test.each(['JSONRPC', 'HTTP+JSON'] as const)(
    'sees no generation over %s, and its terms are ignored',
    {
      timeout,
    },
    async (binding) => {
      const client = fetchClient(fleet.b.url, binding, OLDER);
      const { id, generation } = await asking(client);
      expect(generation).toBeUndefined();
      expect(await client.get(id, 99)).toEqual({
        id,
        state: 'INPUT_REQUIRED',
        generation: undefined,
      });
      const frames = (await client.stream(completes(), {
        taskId: id,
        ifGenerationMatch: 99,
      })) as readonly Seen[];
      expect(frames.map((frame) => frame.generation)).toEqual([undefined, undefined]);
    },
  );

  test.each([
    ['JSONRPC', '/rpc', 'GetTask'],
    ['HTTP+JSON', '/rest', ''],
  ] as const)(
    'gets the same bytes over %s as from a server without the middleware',
    {
      timeout,
    },
    async (_, root, method) => {
      const { id } = await asking(onA());
      const bare = await bareServer();
      const ask = async (url: string, headers: Record<string, string>): Promise<string> => {
        const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { id } });
        const response = await fetch(`${url}${root}${method ? '' : `/tasks/${id}`}`, {
          ...(method ? { method: 'POST', body } : {}),
          headers: { [USER_HEADER]: 'ann', 'Content-Type': 'application/json', ...headers },
        });
        return response.text();
      };
      try {
        const expected = await ask(bare.url, OLDER);
        expect(await ask(fleet.b.url, OLDER)).toBe(expected);
        // The field comes last in the task, whatever surrounds that.
        const newer = await ask(fleet.b.url, NEWER);
        expect(newer.replace(',"generation":3', '')).toBe(expected);
        expect(newer).not.toBe(expected);
      } finally {
        await bare.close();
      }
    },
  );
});

/** The SDK's routers on instance B, without the backend's middleware. */
async function bareServer(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const app = express();
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { requestHandler } = fleet.b;
  app.use('/rpc', jsonRpcHandler({ requestHandler, userBuilder }));
  app.use('/rest', restHandler({ requestHandler, userBuilder }));
  return {
    url,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('messages that race for one generation', () => {
  test('[I1] start one run, of 1,000 on two instances', { timeout: 120_000 }, async () => {
    const { id } = await asking(onA());
    const gate = new Gate();
    let runs = 0;
    const text = fleet.script(async (turn) => {
      runs += 1;
      await gate.opened;
      turn.status('COMPLETED');
    });
    const clients = [fleet.a, fleet.b].map(({ url }) => fetchClient(url, 'HTTP+JSON', NEWER));
    const refused = new Gate();
    let refusals = 0;
    const sends = Array.from({ length: 1_000 }, async (_, at) => {
      const client = clients[at % 2] as GenerationClient;
      const answer = await client.send(text, { taskId: id, ifGenerationMatch: 3 });
      if ('reason' in answer) refusals += 1;
      if (refusals === 999) refused.open();
      return answer;
    });
    await refused.opened;
    gate.open();
    const answers = await Promise.all(sends);
    expect(runs).toBe(1);
    const reasons = answers.flatMap((answer) => ('reason' in answer ? [answer.reason] : []));
    expect(new Set(reasons)).toEqual(new Set(['TASK_GENERATION_MISMATCH']));
    const [winner] = answers.filter((answer) => 'id' in answer);
    expect(winner).toMatchObject({ state: 'COMPLETED', generation: 4 });
  });
});
