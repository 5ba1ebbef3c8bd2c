import { once } from 'node:events';
import { createServer, request as forward, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gapOf, type ResumableOptions, resumable } from '@a2a-aws/client';
import { SeededRandom } from '@a2a-aws/testkit/fakes';
import type { StreamResponse } from '@a2a-js/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BindingFleet } from './fixtures/binding-fleet.ts';
import { BINDINGS, clientAt } from './fixtures/clients.ts';
import { afterBytes, CuttingProxy } from './fixtures/cutting-proxy.ts';
import { eventually, Gate } from './fixtures/eventually.ts';
import { get, send } from './fixtures/requests.ts';
import { StreamReader } from './fixtures/stream-reader.ts';
import { frameNames } from './fixtures/task-picture.ts';

const timeout = 120_000;
const QUICK: ResumableOptions = { backoff: { firstMs: 5, maxMs: 400 }, maxAttempts: 60 };
let servers: BindingFleet;

beforeAll(async () => {
  servers = await BindingFleet.start();
}, timeout);
afterAll(() => servers.stop(), timeout);

/** Starts a proxy of HTTP that ends each answer after its first event, as if the server had ended it. */
async function endingProxy(target: string): Promise<Server> {
  const proxy = createServer((incoming, answer) => {
    const { method = 'GET', headers, url } = incoming;
    const outgoing = forward(`${target}${url}`, { method, headers }, (upstream) => {
      answer.writeHead(upstream.statusCode ?? 502, upstream.headers);
      upstream.on('data', (part: Buffer) => {
        if (answer.writableEnded) return;
        const text = part.toString('latin1');
        const begin = text.indexOf('data: {');
        if (begin < 0) answer.write(part);
        else answer.end(part.subarray(0, text.indexOf('\n\n', begin) + 2));
        if (begin >= 0) upstream.destroy();
      });
      upstream.on('end', () => answer.end());
      upstream.on('error', () => answer.end());
    });
    incoming.pipe(outgoing);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return proxy;
}

describe.each(['JSONRPC', 'HTTP+JSON'] as const)(
  'a proxy of %s that ends streams early',
  (binding) => {
    test('[I3] hides no event, of a message nor of a subscription', { timeout }, async () => {
      const [a, b] = servers.urls(binding);
      const proxy = await endingProxy(a);
      try {
        const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
        const client = resumable(await clientAt(url, binding), QUICK);
        const gate = new Gate();
        const text = servers.fleet.script(async (turn) => {
          turn.task();
          turn.artifact('out', 'one');
          await gate.opened;
          turn.artifact('out', 'two', true);
          turn.status('COMPLETED');
        });
        const sender = new StreamReader(client.sendMessageStream(send(text)));
        const subscriber = new StreamReader(client.resubscribeTask(get(await sender.taskId())));
        await subscriber.taskId();
        gate.open();
        const names = ['task:WORKING', 'artifact:out', 'artifact:out', 'status:COMPLETED'];
        expect(frameNames(await sender.end())).toEqual(names);
        // The Task at the beginning may contain the first artifact.
        expect(names.join()).toContain(
          frameNames(await subscriber.end())
            .slice(1)
            .join(),
        );
        expect(subscriber.picture).toEqual(sender.picture);
        // The message of a run that ends while another works on the task.
        const end = new Gate();
        const working = servers.fleet.script(async (turn) => {
          turn.task();
          await end.opened;
          turn.status('COMPLETED');
        });
        const first = new StreamReader(
          (await clientAt(b, binding)).sendMessageStream(send(working)),
        );
        const taskId = await first.taskId();
        const short = servers.fleet.script((turn) => turn.message('noted'));
        const answered = new StreamReader(client.sendMessageStream(send(short, { taskId })));
        expect(frameNames(await answered.end())).toEqual(['message:noted']);
        end.open();
        await first.end();
      } finally {
        proxy.closeAllConnections();
        proxy.close();
      }
    });

    test('[I3] hides no event after a request for credentials', { timeout }, async () => {
      const proxy = await endingProxy(servers.urls(binding)[0]);
      try {
        const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
        const client = resumable(await clientAt(url, binding), QUICK);
        const gate = new Gate();
        const text = servers.fleet.script(async (turn) => {
          turn.task();
          turn.status('AUTH_REQUIRED');
          await gate.opened;
          turn.artifact('out', 'one');
          turn.status('COMPLETED');
        });
        const sender = new StreamReader(client.sendMessageStream(send(text)));
        await eventually('the request', () => sender.frames.length === 2);
        gate.open();
        expect(frameNames(await sender.end())).toEqual([
          'task:WORKING',
          'status:AUTH_REQUIRED',
          'artifact:out',
          'status:COMPLETED',
        ]);
      } finally {
        proxy.closeAllConnections();
        proxy.close();
      }
    });

    test('[I3] does not end a subscription to a task that waits', { timeout }, async () => {
      const [a, b] = servers.urls(binding);
      const proxy = await endingProxy(a);
      try {
        const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
        const client = resumable(await clientAt(url, binding), QUICK);
        const direct = await clientAt(b, binding);
        const asks = servers.fleet.script((turn) => turn.task('INPUT_REQUIRED'));
        const first = new StreamReader(direct.sendMessageStream(send(asks)));
        await first.end();
        const taskId = await first.taskId();
        const subscriber = new StreamReader(client.resubscribeTask(get(taskId)));
        await subscriber.taskId();
        const answer = servers.fleet.script((turn) => turn.status('COMPLETED'));
        await new StreamReader(direct.sendMessageStream(send(answer, { taskId }))).end();
        const names = frameNames(await subscriber.end());
        expect(names[0]).toBe('task:INPUT_REQUIRED');
        expect(names.at(-1)).toBe('status:COMPLETED');
      } finally {
        proxy.closeAllConnections();
        proxy.close();
      }
    });
  },
);

describe.each(BINDINGS)('many streams over %s', (binding) => {
  const STREAMS = 20;
  const CHUNKS = 60;

  test('[I3] [I8] yield each event once, wherever their connections are cut', {
    timeout,
  }, async () => {
    const [a, b] = servers.urls(binding);
    // All streams of a gRPC channel share one connection.
    const [least, most] = binding === 'GRPC' ? [20_000, 100_000] : [500, 20_000];
    const cut = afterBytes(new SeededRandom(11), least, most);
    const proxy = await CuttingProxy.start([a, b], cut);
    const text = servers.fleet.script(async (turn) => {
      turn.task();
      for (let i = 0; i < CHUNKS; i += 1) {
        turn.artifact('out', `${i}`, i > 0);
        await turn.run.flush();
      }
      turn.status('COMPLETED');
    });
    try {
      const client = resumable(await clientAt(proxy.url, binding), { ...QUICK, maxAttempts: 30 });
      const readers = Array.from(
        { length: STREAMS },
        () => new StreamReader(client.sendMessageStream(send(text))),
      );
      for (const reader of readers) {
        const events = await reader.end(timeout);
        expect(chunksOf(events)).toEqual(Array.from({ length: CHUNKS }, (_, i) => `${i}`));
        expect(frameNames(events).at(-1)).toBe('status:COMPLETED');
        expect(events).toHaveLength(CHUNKS + 2);
        expect(events.filter((event) => gapOf(event))).toEqual([]);
      }
      expect(proxy.cuts).toBeGreaterThan(binding === 'GRPC' ? 5 : STREAMS);
      await eventually('no tap', () => servers.taps === 0);
    } finally {
      await proxy.stop();
    }
  });
});

function chunksOf(events: readonly StreamResponse[]): (string | undefined)[] {
  return events.flatMap(({ payload }) => {
    if (payload?.$case !== 'artifactUpdate') return [];
    const content = payload.value.artifact?.parts[0]?.content;
    return content?.$case === 'text' ? [content.value] : [undefined];
  });
}
