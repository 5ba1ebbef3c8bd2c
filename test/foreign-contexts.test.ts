import { ServerCallContext } from '@a2a-js/sdk/server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROUTERS, USER_HEADER } from './fixtures/a2a-node.ts';
import { eventually, failure, Gate } from './fixtures/eventually.ts';
import { CallbackLibrary, CONTEXTS, type Context } from './fixtures/foreign-context.ts';
import { HttpNode } from './fixtures/http-node.ts';
import { send } from './fixtures/requests.ts';
import { StreamReader } from './fixtures/stream-reader.ts';

const timeout = 60_000;
type Place = 'before' | 'after';
const PLACES: readonly Place[] = ['before', 'after'];

/** A session middleware: it continues when its store has answered. */
function session(
  context: Context,
): (_request: unknown, _response: unknown, next: () => void) => void {
  const store = new CallbackLibrary(context);
  return (_request, _response, next) => store.call(() => next());
}

describe.each(CONTEXTS)('middleware that continues in the context: %s', (context) => {
  describe.each(PLACES)('mounted %s backend.express()', (place) => {
    let node: HttpNode;

    beforeAll(async () => {
      node = await HttpNode.start({
        layers: (backend) =>
          place === 'before'
            ? [session(context), backend.express()]
            : [backend.express(), session(context)],
      });
    }, timeout);
    afterAll(() => node.stop(), timeout);

    test.each(ROUTERS)(
      '[I9] [I10] %s: a client that leaves ends its own stream alone',
      {
        timeout,
      },
      async (router) => {
        const gate = new Gate();
        const text = node.script(async (turn) => {
          turn.task();
          await gate.opened;
          turn.chunks('out', 0, 40);
          turn.status('COMPLETED', 'done');
        });
        const [one, two] = await Promise.all([node.client(router), node.client(router)]);
        const leaving = new AbortController();
        const first = new StreamReader(
          one.sendMessageStream(send(text), { signal: leaving.signal }),
        );
        await first.taskId();
        const second = new StreamReader(two.sendMessageStream(send(text)));
        await second.taskId();
        const blocking = two.sendMessage(send(text));
        await eventually('a tap for each', () => node.backend.stats().taps === 3);

        leaving.abort();
        await failure('the left stream', first.end());
        await eventually('its tap is gone', () => node.backend.stats().taps === 2);
        const third = new StreamReader(two.sendMessageStream(send(text)));
        await third.taskId();
        gate.open();

        for (const stream of [second, third]) {
          await stream.end();
          expect(stream.picture).toMatchObject({ state: 'COMPLETED' });
          expect(stream.picture?.artifacts.out).toHaveLength(40);
        }
        expect(await blocking).toMatchObject({ artifacts: [{ parts: { length: 40 } }] });
        await eventually('no tap is left', () => node.backend.stats().taps === 0);
      },
    );
  });
});

describe('a library that an executor calls first, and a session middleware later', () => {
  const library = new CallbackLibrary('first');
  let node: HttpNode;

  beforeAll(async () => {
    node = await HttpNode.start({
      layers: (backend) => [
        backend.express(),
        // A first message opens the connection, in its executor.
        (request, _response, next) =>
          request.header('x-session') ? library.call(() => next()) : next(),
      ],
    });
  }, timeout);
  afterAll(() => node.stop(), timeout);

  test('[I9] a request in the context of another\u2019s run finds no data of that run', {
    timeout,
  }, async () => {
    const gate = new Gate();
    const text = node.script(async (turn) => {
      await new Promise<void>((resolve) => library.call(resolve));
      turn.task();
      await gate.opened;
      turn.status('COMPLETED');
    });
    const ann = new StreamReader(
      (await node.client('JSONRPC', 'ann')).sendMessageStream(send(text)),
    );
    const id = await ann.taskId();

    const bobs = await fetch(`${node.url}/rest/tasks/${id}/pushNotificationConfigs`, {
      method: 'POST',
      headers: {
        'a2a-version': '1.0',
        'content-type': 'application/json',
        'x-session': 'yes',
        [USER_HEADER]: 'bob',
      },
      body: JSON.stringify({ id: 'c', url: 'http://127.0.0.1:9/' }),
    });

    expect(bobs.status).toBe(404);
    gate.open();
    await ann.end();
  });
});

describe('a context builder of the user\u2019s', () => {
  let node: HttpNode;

  beforeAll(async () => {
    node = await HttpNode.start({
      contextBuilder: ({ headers: _dropped, ...rest }) =>
        new ServerCallContext(rest as ConstructorParameters<typeof ServerCallContext>[0]),
    });
  }, timeout);
  afterAll(() => node.stop(), timeout);

  test.each(ROUTERS)(
    '[I9] %s: contexts without the headers are served as without middleware',
    {
      timeout,
    },
    async (router) => {
      const gate = new Gate();
      const text = node.script(async (turn) => {
        turn.task();
        await gate.opened;
        turn.status('COMPLETED');
      });
      const client = await node.client(router);
      const leaving = new AbortController();
      const left = new StreamReader(
        client.sendMessageStream(send(text), { signal: leaving.signal }),
      );
      await left.taskId();
      const kept = new StreamReader(client.sendMessageStream(send(text)));
      await kept.taskId();

      leaving.abort();
      await failure('the left stream', left.end());
      gate.open();

      await kept.end();
      expect(kept.picture).toMatchObject({ state: 'COMPLETED' });
    },
  );
});
