import { randomUUID } from 'node:crypto';
import { gapOf, type ResumableOptions, resumable } from '@a2a-aws/client';
import type { StreamResponse } from '@a2a-js/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BINDINGS, type Binding, clientAt } from './fixtures/clients.ts';
import { afterBytes, afterEachEvent, type Cut, CuttingProxy } from './fixtures/cutting-proxy.ts';
import { Fleet } from './fixtures/fleet.ts';
import { GrpcEndpoint } from './fixtures/grpc-endpoint.ts';
import { get, send } from './fixtures/requests.ts';
import type { Turn } from './fixtures/scripted-agent.ts';
import { StreamReader } from './fixtures/stream-reader.ts';
import { frameNames } from './fixtures/task-picture.ts';

const timeout = 60_000;
/** Short waits: the servers of a test are back at once. */
const QUICK: ResumableOptions = { backoff: { firstMs: 5, maxMs: 400 } };
let fleet: Fleet;
let grpc: readonly GrpcEndpoint[];

beforeAll(async () => {
  fleet = await Fleet.start();
  grpc = await Promise.all(
    fleet.nodes.map((node) => GrpcEndpoint.start(node.requestHandler, node.backend)),
  );
}, timeout);

afterAll(async () => {
  for (const endpoint of grpc) endpoint.stop();
  await fleet.stop();
}, timeout);

/** The URLs of A and B. */
function urlsOf(binding: Binding): string[] {
  const endpoints = binding === 'GRPC' ? grpc : fleet.nodes;
  return endpoints.slice(0, 2).map(({ url }) => url);
}

/** Every kind of event, a whole Task once more among them. */
async function works(turn: Turn): Promise<void> {
  turn.task();
  for (let i = 0; i < 20; i += 1) {
    turn.artifact('out', `${i}`, i > 0);
    if (i % 4 === 0) await turn.run.flush();
  }
  turn.task();
  turn.status('WORKING', 'half');
  turn.artifact('more', 'end');
  turn.status('COMPLETED', 'done');
}

const EXPECTED = [
  'task:WORKING',
  ...Array.from({ length: 20 }, () => 'artifact:out'),
  'status:WORKING', // the Task once more, as updates
  'status:WORKING',
  'artifact:more',
  'status:COMPLETED',
];

/** The texts of an artifact's updates. */
function texts(events: readonly StreamResponse[], artifactId: string): string[] {
  return events.flatMap(({ payload }) => {
    if (payload?.$case !== 'artifactUpdate') return [];
    const { artifact } = payload.value;
    if (artifact?.artifactId !== artifactId) return [];
    return artifact.parts.map(({ content }) => (content?.$case === 'text' ? content.value : ''));
  });
}

/** Numbers from 0 to 1 that repeat from run to run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

describe.each(BINDINGS)('over %s', (binding) => {
  const cutting = async (cutOf: () => Cut): Promise<CuttingProxy> =>
    CuttingProxy.start(urlsOf(binding), cutOf);

  test('[I3] a stream that is cut again and again yields each event once', {
    timeout,
  }, async () => {
    const random = seeded(7);
    const cutOf = binding === 'GRPC' ? afterBytes(random, 500, 4_000) : afterEachEvent;
    const proxy = await cutting(cutOf);
    try {
      const client = resumable(await clientAt(proxy.url, binding), QUICK);
      const sent = new StreamReader(client.sendMessageStream(send(fleet.script(works))));
      const events = await sent.end();
      expect(frameNames(events)).toEqual(EXPECTED);
      expect(texts(events, 'out').slice(0, 20)).toEqual(
        Array.from({ length: 20 }, (_, i) => `${i}`),
      );
      expect(events.filter((event) => gapOf(event))).toEqual([]);
      expect(proxy.cuts).toBeGreaterThan(binding === 'GRPC' ? 2 : 20);
    } finally {
      await proxy.stop();
    }
  });

  test('[I3] a subscription that is cut again and again yields each event once', {
    timeout,
  }, async () => {
    const direct = await clientAt(urlsOf(binding)[0] ?? '', binding);
    const text = fleet.script(async (turn) => {
      turn.task();
      await turn.run.flush();
      turn.status('INPUT_REQUIRED');
    });
    const first = new StreamReader(
      direct.sendMessageStream(send(text, { messageId: randomUUID() })),
    );
    await first.end();
    const id = await first.taskId();
    const proxy = await cutting(
      binding === 'GRPC' ? afterBytes(seeded(3), 500, 4_000) : afterEachEvent,
    );
    try {
      const client = resumable(await clientAt(proxy.url, binding), QUICK);
      const subscribed = new StreamReader(client.resubscribeTask(get(id)));
      await subscribed.taskId();
      const sent = direct.sendMessageStream(send(fleet.script(works), { taskId: id }));
      await new StreamReader(sent).end();
      const events = await subscribed.end();
      expect(frameNames(events).slice(0, 2)).toEqual(['task:INPUT_REQUIRED', 'status:WORKING']);
      expect(texts(events, 'out').slice(0, 20)).toEqual(
        Array.from({ length: 20 }, (_, i) => `${i}`),
      );
      expect(frameNames(events).at(-1)).toBe('status:COMPLETED');
    } finally {
      await proxy.stop();
    }
  });
});
