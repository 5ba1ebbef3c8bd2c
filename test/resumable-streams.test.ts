import { randomUUID } from 'node:crypto';
import { SeededRandom } from '@a2a-aws/testkit/fakes';
import type { StreamResponse } from '@a2a-js/sdk';
import { RESUMABLE_STREAMS } from 'a2a-aws';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AwsView } from './fixtures/aws-view.ts';
import {
  contentOf,
  EventStreamReader,
  type SubscribeOptions,
  type WireEvent,
} from './fixtures/event-source.ts';
import { eventually, Gate } from './fixtures/eventually.ts';
import { Fleet } from './fixtures/fleet.ts';
import { send } from './fixtures/requests.ts';
import type { Turn } from './fixtures/scripted-agent.ts';
import { frameNames, pictureOfFrames } from './fixtures/task-picture.ts';

const timeout = 60_000;
const BINDINGS = ['JSONRPC', 'HTTP+JSON', 'GET'] as const;
let fleet: Fleet;

beforeAll(async () => {
  fleet = await Fleet.start();
}, timeout);
afterAll(() => fleet.stop(), timeout);

/** A message's stream, over JSON-RPC. */
function stream(text: string, options = {}, headers = {}): Promise<EventStreamReader> {
  const { message } = send(text, options);
  const json = { ...message, role: 'ROLE_USER', parts: [{ text }] };
  return EventStreamReader.rpc(fleet.a.url, 'SendStreamingMessage', { message: json }, { headers });
}

/** Every kind of event: texts, a whole Task once more, a question. */
function worksAndAsks(turn: Turn): void {
  turn.task();
  turn.artifact('out', 'one');
  turn.artifact('out', 'two');
  turn.status('WORKING', 'half');
  turn.task();
  turn.artifact('more', 'three');
  turn.status('INPUT_REQUIRED', 'go on?');
}

function worksToTheEnd(turn: Turn): void {
  turn.status('WORKING', 'on it');
  turn.artifact('out', 'four');
  turn.status('COMPLETED', 'done');
}

function taskIdOf(events: readonly WireEvent[]): string {
  const { payload } = contentOf(events[0] as WireEvent);
  return payload?.$case === 'task' ? payload.value.id : '';
}

function datas(events: readonly WireEvent[]): StreamResponse[] {
  return events.map((event) => contentOf(event));
}

function withoutMetadata(events: readonly WireEvent[]): StreamResponse[] {
  const responses = datas(events);
  for (const { payload } of responses) if (payload) payload.value.metadata = undefined;
  return responses;
}

function subscribe(id: string, options: SubscribeOptions): Promise<EventStreamReader> {
  return EventStreamReader.subscribe(fleet.b.url, id, options);
}

describe('a stream that is resumed on another instance', () => {
  test.each(BINDINGS)(
    '[I3] over %s continues after each frame of a task that has ended',
    { timeout },
    async (binding) => {
      const first = await (await stream(fleet.script(worksAndAsks))).read();
      const id = taskIdOf(first);
      const second = await (await stream(fleet.script(worksToTheEnd), { taskId: id })).read();
      // The second stream begins with the Task after its first event, which a resumed stream has alone.
      const rest = await (await subscribe(id, { binding, lastEventId: first.at(-1)?.id })).read();
      expect(frameNames(datas(rest))).toEqual([
        'status:WORKING',
        'artifact:out',
        'status:COMPLETED',
      ]);
      expect(datas(rest.slice(1))).toEqual(datas(second.slice(1)));
      const all = [...first, ...rest];

      for (const [at, { id: lastEventId }] of all.entries()) {
        const resumed = await subscribe(id, { binding, lastEventId });
        const missed = await resumed.read();
        expect(datas(missed), `after frame ${at}`).toEqual(datas(all.slice(at + 1)));
        if (missed.length === 0) expect(resumed.status).toBe(binding === 'GET' ? 204 : 200);
      }
    },
  );

  test('[I3] gets the missed events, then the live ones', { timeout }, async () => {
    const gate = new Gate();
    const text = fleet.script(async (turn) => {
      turn.task();
      turn.artifact('out', 'one');
      await gate.opened;
      turn.artifact('out', 'two');
      turn.status('COMPLETED');
    });
    const first = await (await stream(text)).read(2);
    const id = taskIdOf(first);
    const resumed = await subscribe(id, { lastEventId: first[0]?.id });
    const events = resumed.read();
    await eventually('a watch on B', () => fleet.b.backend.stats().taps > 0);
    gate.open();
    expect(frameNames(datas(await events))).toEqual([
      'artifact:out',
      'artifact:out',
      'status:COMPLETED',
    ]);
  });

  test('[I3] resumes before the first frame of its message', { timeout }, async () => {
    const gate = new Gate();
    const text = fleet.script(async (turn) => {
      await gate.opened;
      turn.task();
      turn.artifact('out', 'one');
      turn.status('COMPLETED');
    });
    const sent = await stream(text);
    const [before] = await sent.read(1);
    const id = sent.headers.get('A2A-Task-Id') ?? '';
    expect(before).toMatchObject({ data: '', id: expect.any(String) });
    const waiting = await subscribe(id, { lastEventId: before?.id });
    gate.open();
    const names = ['task:WORKING', 'artifact:out', 'status:COMPLETED'];
    expect(frameNames(datas(await waiting.read()))).toEqual(names);
    // The same events once they have become history.
    const late = await subscribe(id, { lastEventId: before?.id });
    expect(frameNames(datas(await late.read()))).toEqual(names);
  });

  test('[I3] gets an answer that is only a Message', { timeout }, async () => {
    const gate = new Gate();
    const text = fleet.script(async (turn) => {
      await gate.opened;
      turn.message('hello');
    });
    const sent = await stream(text);
    const [before] = await sent.read(1);
    const id = sent.headers.get('A2A-Task-Id') ?? '';
    const waiting = await subscribe(id, { lastEventId: before?.id });
    expect(waiting.status).toBe(200);
    gate.open();
    const events = await waiting.read();
    expect(frameNames(datas(events))).toEqual(['message:hello']);
    const after = await subscribe(id, { lastEventId: events[0]?.id });
    expect({ status: after.status, events: await after.read() }).toEqual({
      status: 200,
      events: [],
    });
  });

  test('[I3] begins a message that was sent again at its first event, for a client of the extension', {
    timeout,
  }, async () => {
    const text = fleet.script(worksAndAsks);
    const messageId = randomUUID();
    const headers = { 'A2A-Extensions': RESUMABLE_STREAMS };
    const first = await (await stream(text, { messageId }, headers)).read();
    const again = await (await stream(text, { messageId }, headers)).read();
    // The cursors of the two streams differ in form.
    expect(withoutMetadata(again)).toEqual(withoutMetadata(first));
    expect(again[0]).toMatchObject({
      data: expect.stringContaining(`${RESUMABLE_STREAMS}/generation`),
    });
  });
});

describe('a stream whose missed events have expired', () => {
  test('[I3] gets the gap, then the current task, then the live events', { timeout }, async () => {
    const gate = new Gate();
    const text = fleet.script(async (turn) => {
      turn.task();
      for (const word of ['one', 'two', 'three', 'four']) {
        turn.artifact('out', word);
        await turn.run.flush();
      }
      await gate.opened;
      turn.status('COMPLETED');
    });
    const first = await (await stream(text)).read(5);
    const id = taskIdOf(first);
    const reader = await subscribe(id, {});
    const other = reader.read();
    await eventually('the subscriber on B', () => fleet.b.backend.stats().taps > 0);
    const view = new AwsView(fleet.aws);
    await view.expireRecords(id, 2, 4);
    view.stop();

    const resumed = await subscribe(id, { lastEventId: first[0]?.id });
    const events = resumed.read();
    await eventually('the second subscriber on B', () => fleet.b.backend.stats().taps > 1);
    gate.open();
    const [gap, task, ...rest] = datas(await events);
    expect(gap?.payload).toMatchObject({
      $case: 'statusUpdate',
      value: { taskId: id, metadata: { [`${RESUMABLE_STREAMS}/gap`]: { from: 2, to: 5 } } },
    });
    expect(pictureOfFrames([task as StreamResponse])).toMatchObject({
      state: 'WORKING',
      artifacts: { out: ['four'] },
    });
    expect(frameNames(rest)).toEqual(['status:COMPLETED']);
    await other;
  });

  test('[I3] misses only the events that are not kept', { timeout }, async () => {
    const text = fleet.script(async (turn) => {
      turn.task();
      turn.artifact('out', 'one');
      await turn.run.flush();
      turn.status('INPUT_REQUIRED');
    });
    const first = await (await stream(text)).read();
    const id = taskIdOf(first);
    const reader = await subscribe(id, {});
    void reader.read().catch(() => {});
    await eventually('the subscriber on B', () => fleet.b.backend.stats().taps > 0);
    const view = new AwsView(fleet.aws);
    await view.expireRecords(id, 1, 1);
    view.stop();
    // The record of the first events is gone, but no event after them.
    const resumed = await subscribe(id, { lastEventId: first[1]?.id });
    const events = await resumed.read(1);
    reader.close();
    expect(frameNames(datas(events))).toEqual(['status:INPUT_REQUIRED']);
  });
});

describe('a log that was restored from a backup', () => {
  test('[I3] refuses the cursors of its former life', { timeout }, async () => {
    const first = await (await stream(fleet.script(worksAndAsks))).read();
    const id = taskIdOf(first);
    const parts = (first.at(-1)?.id ?? '').split('.');
    const written = Number.parseInt(parts[5] ?? '', 36);
    const former = [...parts.slice(0, 5), (written - 1).toString(36)].join('.');
    const refused = await subscribe(id, { lastEventId: former });
    expect(await refused.json()).toMatchObject({
      error: { details: [{ metadata: { cursor: 'future' } }] },
    });
  });
});

describe('a client that closes its socket', () => {
  test('[I7] [I10] leaves no tap and no watch, whether it has resumed or not', {
    timeout,
  }, async () => {
    const gate = new Gate();
    const text = fleet.script(async (turn) => {
      turn.task();
      turn.artifact('out', 'one');
      await gate.opened;
      turn.status('COMPLETED');
    });
    const first = await (await stream(text)).read(2);
    const id = taskIdOf(first);
    const readers = await Promise.all([
      subscribe(id, {}),
      subscribe(id, { lastEventId: first[0]?.id }),
      subscribe(id, { binding: 'GET', after: first[1]?.id ?? '' }),
    ]);
    await eventually('three taps', () => fleet.b.backend.stats().taps === 3);
    for (const reader of readers) reader.close();
    await eventually('no tap', () => fleet.b.backend.stats().taps === 0);
    const view = new AwsView(fleet.aws);
    const watches = async (): Promise<string[]> =>
      (await view.rows()).filter((name) => name.includes(id) && name.includes('watch'));
    await eventually('no watch', async () => (await watches()).length === 0);
    view.stop();
    gate.open();
  });
});

describe('a cursor', () => {
  test('[I9] is refused on another task, when it is malformed, and for another owner', {
    timeout,
  }, async () => {
    const text = fleet.script(worksAndAsks);
    const first = await (await stream(text)).read();
    const other = await (await stream(fleet.script(worksAndAsks))).read();
    const id = taskIdOf(first);
    const cursor = first[0]?.id ?? '';
    const refused = async (options: SubscribeOptions): Promise<unknown> => {
      const answer = await subscribe(id, options);
      return { status: answer.status, body: await answer.json() };
    };
    const error = (reason: string): { status: number; body: object } => ({
      status: 400,
      body: { error: { details: [{ reason: 'INVALID_PARAMS', metadata: { cursor: reason } }] } },
    });
    expect(await refused({ lastEventId: 'x' })).toMatchObject(error('malformed'));
    expect(await refused({ lastEventId: `${cursor}.` })).toMatchObject(error('malformed'));
    expect(await refused({ binding: 'GET', after: '1' })).toMatchObject(error('malformed'));
    expect(await refused({ lastEventId: other[0]?.id })).toMatchObject(error('other-task'));
    const [prefix, ...rest] = cursor.split('.');
    expect(
      await refused({ lastEventId: [prefix, 'zz', ...rest.slice(1)].join('.') }),
    ).toMatchObject(error('future'));
  });

  test('[I9] of one owner yields no byte to another, in whichever form it is sent', {
    timeout,
  }, async () => {
    const secret = `secret-${randomUUID()}`;
    const text = fleet.script((turn) => {
      turn.task();
      turn.artifact('out', secret);
      turn.status('INPUT_REQUIRED', secret);
    });
    const first = await (await stream(text)).read();
    const id = taskIdOf(first);
    const own = await EventStreamReader.rpc(
      fleet.a.url,
      'SendStreamingMessage',
      { message: { ...send(text).message, role: 'ROLE_USER', parts: [{ text }] } },
      { user: 'eve' },
    );
    const hers = await own.read();
    const cursors = [...first, ...hers].map((event) => event.id ?? '');
    const random = new SeededRandom(14);
    for (let tries = 0; tries < 150; tries += 1) {
      const cursor = mixed(random.pick([cursors[0] ?? '', ...cursors]), random);
      const binding = random.pick([...BINDINGS]);
      const given = random.percent(30) ? { after: cursor } : { lastEventId: cursor };
      const target = random.percent(80) ? id : `${id.slice(0, -1)}0`;
      const answer = await subscribe(target, { binding, user: 'eve', ...given });
      const body = await answer.text();
      expect(body).not.toContain(secret);
      expect(answer.headers.get('Content-Type')).not.toContain('text/event-stream');
    }
  });

  /** Returns the cursor, or one with a character or a part of it changed. */
  function mixed(cursor: string, random: SeededRandom): string {
    const at = random.whole(0, cursor.length - 1);
    return random.pick([
      cursor,
      `${cursor.slice(0, at)}${random.pick(['0', 'z', '.', '~'])}${cursor.slice(at + 1)}`,
      cursor.slice(0, at),
    ]);
  }
});
