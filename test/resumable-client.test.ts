import { gapOf, type ResumableOptions, resumable } from '@a2a-aws/client';
import { SeededRandom } from '@a2a-aws/testkit/fakes';
import type { StreamResponse } from '@a2a-js/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BindingFleet } from './fixtures/binding-fleet.ts';
import { BINDINGS, clientAt } from './fixtures/clients.ts';
import { afterBytes, afterEachEvent, type Cut, CuttingProxy } from './fixtures/cutting-proxy.ts';
import { eventually, Gate } from './fixtures/eventually.ts';
import { get, send } from './fixtures/requests.ts';
import type { Turn } from './fixtures/scripted-agent.ts';
import { StreamReader } from './fixtures/stream-reader.ts';
import { frameNames } from './fixtures/task-picture.ts';

const timeout = 60_000;
/** Short waits: the servers of a test are back at once. A gRPC channel that lost one takes seconds. */
const QUICK: ResumableOptions = { backoff: { firstMs: 5, maxMs: 400 }, maxAttempts: 60 };
const CHUNKS = 20;
let servers: BindingFleet;

beforeAll(async () => {
  servers = await BindingFleet.start();
}, timeout);
afterAll(() => servers.stop(), timeout);

/** Every kind of event, a whole Task once more among them. */
async function works(turn: Turn): Promise<void> {
  turn.task();
  for (let i = 0; i < CHUNKS; i += 1) {
    turn.artifact('out', `${i}`, i > 0);
    if (i % 4 === 0) await turn.run.flush();
  }
  turn.task();
  turn.status('WORKING', 'half');
  turn.artifact('more', 'end');
  turn.status('COMPLETED', 'done');
}

const WORK = [
  ...Array.from({ length: CHUNKS }, () => 'artifact:out'),
  'status:WORKING', // the Task once more
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

const NUMBERS = Array.from({ length: CHUNKS }, (_, i) => `${i}`);

describe.each(BINDINGS)('over %s', (binding) => {
  const cuts = (seed: number): (() => Cut) =>
    binding === 'GRPC' ? afterBytes(new SeededRandom(seed), 500, 4_000) : afterEachEvent;

  /** Runs a test through a proxy to A and B that cuts connections. */
  async function through(
    cutOf: (() => Cut) | undefined,
    use: (proxy: CuttingProxy) => Promise<void>,
  ): Promise<void> {
    const proxy = await CuttingProxy.start(servers.urls(binding).slice(0, 2), cutOf);
    try {
      await use(proxy);
    } finally {
      await proxy.stop();
    }
  }

  test('[I3] a stream that is cut again and again yields each event once', { timeout }, () =>
    through(cuts(7), async (proxy) => {
      const client = resumable(await clientAt(proxy.url, binding), QUICK);
      const request = send(servers.fleet.script(works));
      const events = await new StreamReader(client.sendMessageStream(request)).end();
      expect(frameNames(events)).toEqual(['task:WORKING', ...WORK]);
      expect(texts(events, 'out')).toEqual(NUMBERS);
      expect(events.filter((event) => gapOf(event))).toEqual([]);
      expect(proxy.cuts).toBeGreaterThan(binding === 'GRPC' ? 2 : CHUNKS);
    }),
  );

  test('[I3] a subscription that is cut again and again yields each event once', { timeout }, () =>
    through(cuts(3), async (proxy) => {
      const direct = await clientAt(servers.urls(binding)[2], binding);
      const asks = servers.fleet.script((turn) => turn.task('INPUT_REQUIRED'));
      const first = new StreamReader(direct.sendMessageStream(send(asks)));
      await first.end();
      const id = await first.taskId();
      const client = resumable(await clientAt(proxy.url, binding), QUICK);
      const subscribed = new StreamReader(client.resubscribeTask(get(id)));
      await subscribed.taskId();
      const request = send(servers.fleet.script(works), { taskId: id });
      await new StreamReader(direct.sendMessageStream(request)).end();
      const events = await subscribed.end();
      expect(frameNames(events)).toEqual(['task:INPUT_REQUIRED', 'status:WORKING', ...WORK]);
      expect(texts(events, 'out')).toEqual(NUMBERS);
    }),
  );

  test('[I3] a message that is cut before its first event runs once', { timeout }, () =>
    through(undefined, async (proxy) => {
      const gate = new Gate();
      let runs = 0;
      const text = servers.fleet.script(async (turn) => {
        runs += 1;
        await gate.opened;
        await works(turn);
      });
      const client = resumable(await clientAt(proxy.url, binding), QUICK);
      const reader = new StreamReader(client.sendMessageStream(send(text)));
      for (let round = 0; round < 3; round += 1) {
        await eventually('a connection', () => proxy.accepted > round && servers.taps > 0);
        proxy.cutAll();
      }
      gate.open();
      expect(frameNames(await reader.end())).toEqual(['task:WORKING', ...WORK]);
      expect(runs).toBe(1);
    }),
  );

  // A gRPC channel uses the dead connection for the next call, too.
  test.skipIf(binding === 'GRPC')(
    '[I3] a connection that is dead without a sign is replaced',
    { timeout },
    () =>
      through(undefined, async (proxy) => {
        const gate = new Gate();
        const text = servers.fleet.script(async (turn) => {
          turn.task();
          await gate.opened;
          await works(turn);
        });
        const client = resumable(await clientAt(proxy.url, binding), {
          ...QUICK,
          silenceMs: 2_000,
        });
        const reader = new StreamReader(client.sendMessageStream(send(text)));
        await reader.taskId();
        proxy.stallAll();
        gate.open();
        expect(frameNames(await reader.end())).toEqual(['task:WORKING', 'status:WORKING', ...WORK]);
      }),
  );

  test('[I10] a caller that leaves keeps no connection', { timeout }, () =>
    through(undefined, async (proxy) => {
      const gate = new Gate();
      const text = servers.fleet.script(async (turn) => {
        turn.task();
        turn.artifact('out', 'one');
        await gate.opened;
        turn.status('COMPLETED');
      });
      const leaving = new AbortController();
      const client = resumable(await clientAt(proxy.url, binding), QUICK);
      // By a `break`, by `return()` while it waits for an event, and by a signal.
      for await (const _ of client.sendMessageStream(send(text))) break;
      await eventually('no tap after the break', () => servers.taps === 0);
      const waiting = client.sendMessageStream(send(text));
      await waiting.next();
      await waiting.next();
      const next = waiting.next();
      await waiting.return();
      expect(await next).toEqual({ done: true, value: undefined });
      await eventually('no tap after the return', () => servers.taps === 0);
      const { signal } = leaving;
      const reader = new StreamReader(client.sendMessageStream(send(text), { signal }));
      await reader.taskId();
      leaving.abort(new Error('enough'));
      await expect(reader.end()).rejects.toThrow('enough');
      await eventually('no tap after the signal', () => servers.taps === 0);
      gate.open();
      // Every connection of HTTP ends or is idle; a gRPC channel keeps its only one.
      expect(proxy.cuts).toBe(0);
    }),
  );
});
