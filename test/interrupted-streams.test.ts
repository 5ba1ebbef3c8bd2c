import { resumable } from '@a2a-aws/client';
import type { StreamResponse } from '@a2a-js/sdk';
import type { Client } from '@a2a-js/sdk/client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ROUTERS, USER_HEADER } from './fixtures/a2a-node.ts';
import { eventually, failure, Gate, soon } from './fixtures/eventually.ts';
import { Fleet } from './fixtures/fleet.ts';
import { get, send } from './fixtures/requests.ts';
import { StreamReader } from './fixtures/stream-reader.ts';
import { pictureOf } from './fixtures/task-picture.ts';

const timeout = 60_000;
let fleet: Fleet;

/** An agent that works until it must stop, and publishes no final status. */
function hangs(working: Gate): string {
  return fleet.script(async (turn) => {
    turn.task();
    turn.artifact('out', 'begun');
    working.open();
    await turn.untilCanceled();
  });
}

describe('a server that stops before its runs are done', () => {
  beforeEach(async () => {
    fleet = await Fleet.start();
  }, timeout);
  afterEach(() => fleet.stop(), timeout);

  test.each(ROUTERS)(
    '[I6] over %s tells all readers, here and elsewhere, how its runs end',
    {
      timeout,
    },
    async (router) => {
      const working = new Gate();
      const a = await fleet.a.client(router);
      const b = await fleet.b.client(router);
      const sender = new StreamReader(a.sendMessageStream(send(hangs(working))));
      const id = await sender.taskId();
      await working.opened;
      const here = new StreamReader(a.resubscribeTask(get(id)));
      const there = new StreamReader(b.resubscribeTask(get(id)));
      const blocking = a.sendMessage(send(hangs(new Gate())));
      await Promise.all([here.taskId(), there.taskId()]);
      await eventually('both runs', () => fleet.a.backend.stats().runs === 2);

      await fleet.a.backend.stop({ drainMs: 0 });
      await Promise.all([sender.end(), here.end(), there.end()]);

      for (const { picture } of [sender, here, there]) {
        expect(picture).toMatchObject({ state: 'FAILED', artifacts: { out: ['begun'] } });
      }
      expect(pictureOf(await b.getTask(get(id)))).toEqual(sender.picture);
      expect(await soon('the blocking send', blocking)).toMatchObject({ status: { state: 4 } });
    },
  );

  test.each(ROUTERS)(
    '[I3] over %s fails the streams of runs on other instances, which are not over',
    {
      timeout,
    },
    async (router) => {
      const working = new Gate();
      const a = await fleet.a.client(router);
      const b = await fleet.b.client(router);
      const sender = new StreamReader(a.sendMessageStream(send(hangs(working))));
      const id = await sender.taskId();
      const there = new StreamReader(b.resubscribeTask(get(id)));
      await there.until('the chunk', ({ artifacts }) => artifacts.out !== undefined);

      await fleet.b.backend.stop({ drainMs: 0 });

      expect((await failure('the stream', there.end())).message).toMatch(/Try again/);
      expect(there.picture).toMatchObject({ state: 'WORKING', artifacts: { out: ['begun'] } });
      await fleet.a.backend.stop({ drainMs: 0 });
      await sender.end();
    },
  );

  test('[I3] suspends likewise, and serves the same card throughout', { timeout }, async () => {
    const card = async (): Promise<unknown> => {
      const response = await fetch(`${fleet.b.url}/.well-known/agent-card.json`);
      return { body: await response.text(), etag: response.headers.get('etag') };
    };
    const before = await card();
    const gate = new Gate();
    const a = await fleet.a.client();
    const b = await fleet.b.client();
    const onB = new StreamReader(
      b.sendMessageStream(
        send(
          fleet.script(async (turn) => {
            turn.task();
            await gate.opened;
            turn.status('COMPLETED');
          }),
        ),
      ),
    );
    await onB.taskId();
    const sender = new StreamReader(a.sendMessageStream(send(hangs(new Gate()))));
    const there = new StreamReader(b.resubscribeTask(get(await sender.taskId())));
    await there.taskId();

    const suspended = fleet.b.backend.suspend({ drainMs: 20_000 });
    await eventually('the drain', () => fleet.b.backend.health().phase === 'draining');
    expect(await card()).toEqual(before);
    gate.open();
    await suspended;

    await onB.end();
    expect(onB.picture).toMatchObject({ state: 'COMPLETED' });
    expect((await failure('the stream', there.end())).message).toMatch(/Try again/);
    expect(await card()).toEqual(before);
  });

  test('names 503 in the error event of a stream over REST', { timeout }, async () => {
    const a = await fleet.a.client();
    const sender = new StreamReader(a.sendMessageStream(send(hangs(new Gate()))));
    const path = `/rest/tasks/${await sender.taskId()}:subscribe`;
    const headers = { 'a2a-version': '1.0', [USER_HEADER]: 'ann' };
    const stream = await fetch(`${fleet.b.url}${path}`, { method: 'POST', headers });
    expect(stream.headers.get('content-type')).toContain('text/event-stream');

    await fleet.b.backend.stop({ drainMs: 0 });

    const [, data = ''] = /event: error\ndata: (.*)\n\n$/.exec(await stream.text()) ?? [];
    expect(JSON.parse(data)).toMatchObject({ error: { code: 503, status: 'UNAVAILABLE' } });
  });

  test('answers refused requests with a body that contains 503, too', { timeout }, async () => {
    await fleet.a.backend.stop({ drainMs: 0 });
    const message = { messageId: '1', role: 'ROLE_USER', parts: [{ text: 'hi' }] };
    const headers = { 'content-type': 'application/json', 'a2a-version': '1.0' };
    for (const path of ['/rest/message:send', '/rest/message:stream']) {
      const body = JSON.stringify({ message });
      const response = await fetch(`${fleet.a.url}${path}`, { method: 'POST', headers, body });
      expect(response.status).toBe(503);
      expect(response.headers.get('retry-after')).toBe('1');
      expect(await response.json()).toMatchObject({
        error: { code: 503, status: 'UNAVAILABLE', message: expect.stringMatching(/Try again/) },
      });
    }
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: 7,
      method: 'SendMessage',
      params: { message },
    });
    const response = await fetch(`${fleet.a.url}/rpc`, { method: 'POST', headers, body });
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ jsonrpc: '2.0', id: 7, error: { code: -32603 } });
  });
});

describe('a server that stops while another can go on with its runs', () => {
  beforeEach(async () => {
    fleet = await Fleet.start({}, { onOrphan: 'resume' });
  }, timeout);
  afterEach(() => fleet.stop(), timeout);

  test.each(ROUTERS)(
    '[I3] over %s fails their streams; a client that follows sees their end',
    {
      timeout,
    },
    async (router) => {
      const working = new Gate();
      const text = fleet.script(async (turn) => {
        if (turn.run.attempt > 1) {
          turn.status('COMPLETED', `by ${turn.node}`);
          return;
        }
        turn.task();
        turn.artifact('out', 'begun');
        working.open();
        await turn.untilCanceled();
      });
      const a = await fleet.a.client(router);
      const elsewhere = await fleet.b.client(router);
      let isStopping = false;
      const client: Pick<Client, 'sendMessageStream' | 'resubscribeTask' | 'getTask'> = {
        sendMessageStream: (...call) => a.sendMessageStream(...call),
        resubscribeTask: (...call) => (isStopping ? elsewhere : a).resubscribeTask(...call),
        getTask: (...call) => elsewhere.getTask(...call),
      };
      const sender = new StreamReader(a.sendMessageStream(send(text)));
      const id = await sender.taskId();
      await working.opened;
      const follower = new StreamReader(resumable(client).sendMessageStream(send(text)));
      const subscriber = new StreamReader(a.resubscribeTask(get(id)));
      await Promise.all([follower.taskId(), subscriber.taskId()]);

      isStopping = true;
      await fleet.a.backend.stop({ drainMs: 0 });

      for (const reader of [sender, subscriber]) {
        expect((await failure('the stream', reader.end())).message).toMatch(/Try again/);
        expect(reader.picture?.state).toBe('WORKING');
      }
      await follower.end();
      const last: StreamResponse | undefined = follower.frames.at(-1);
      expect(last).toBeDefined();
      expect(follower.picture).toMatchObject({
        state: 'COMPLETED',
        text: expect.stringMatching(/by [BC]/),
      });
    },
  );
});
