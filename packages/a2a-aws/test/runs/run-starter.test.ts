import { flush } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  COMPLETED,
  INPUT_REQUIRED,
  KEY,
  message,
  statusOf,
  taskOf,
  WORKING,
} from '../../../core/test/fixtures/events.ts';
import { begin } from '../../../core/test/fixtures/fleet.ts';
import { gate, pass } from '../../../core/test/fixtures/wrapped-storage.ts';
import type { RunStarter } from '../../src/runs/run-starter.ts';
import { RESUMABLE_STREAMS } from '../../src/streams/extension.ts';
import { contextOf, HandlerHost, request } from '../fixtures/handler-host.ts';

/** Globally unique, so that a message with it is the same one, however late. */
const UNIQUE = '7f1c8a52-3b9e-4d06-9c47-e81f20b6d395';

let host: HandlerHost;
let starter: RunStarter;

beforeEach(async () => {
  host = await HandlerHost.start();
  starter = host.starter();
});

const complete = (): void => {
  host.execute = (bus, of) => bus.say(of, taskOf(WORKING), statusOf(COMPLETED));
};

describe('a message without a task', () => {
  test('starts a run, in a log that stays open until it is released', async () => {
    host.execute = async (bus, of) => {
      bus.say(of, taskOf(WORKING));
      await new Promise(() => {});
    };
    const sent = await starter.start(request(UNIQUE), contextOf());
    expect(sent.open.log.state.runs.get(sent.run)).toMatchObject({ phase: 'open' });
    expect(sent.signal).toBe(host.member.instance.handoffSignal);
    sent.release();
    expect(sent.open.isUsed).toBe(true);
  });

  test('[I4] finds the run that the same message has started, also after its end', async () => {
    complete();
    const first = await starter.start(request(UNIQUE), contextOf());
    await flush();
    const again = await starter.start(request(UNIQUE), contextOf());
    expect([again.run, again.open.log.key]).toEqual([first.run, first.open.log.key]);
    expect(again.open.log.state.runs.size).toBe(1);
  });

  test('[I4] starts one run if it arrives twice at once', async () => {
    const sent = [request(UNIQUE), request(UNIQUE)].map((one) => starter.start(one, contextOf()));
    const [first, second] = await Promise.all(sent);
    expect(second?.run).toBe(first?.run);
    expect(first?.open.log.state.runs.size).toBe(1);
  });

  test('begins a task with a fresh id if its own id was used by an answered message', async () => {
    complete();
    const first = await starter.start(request('1'), contextOf());
    first.release();
    await flush();
    const second = await starter.start(request('1'), contextOf());
    expect(second.open.log.key.taskId).toBe('handler-0');
    expect(second.run).not.toBe(first.run);
    second.release();
    await flush();
    expect(host.openLogs).toBe(0);
  });
});

describe('a message that cannot start a run', () => {
  const ended = async (): Promise<void> => {
    const { run } = await begin(host.member, 'm0');
    await run.publish(taskOf(WORKING));
    await run.publish(statusOf(COMPLETED));
    await host.member.instance.intents.finish(run);
  };
  const asking = async (): Promise<void> => {
    const { run } = await begin(host.member, 'm0');
    await run.publish(taskOf(WORKING));
    await run.publish(statusOf(INPUT_REQUIRED));
    await host.member.instance.intents.finish(run);
  };
  const nothing = async (): Promise<void> => {};
  const { taskId } = KEY;

  test.each([
    ['without an id', nothing, request(''), {}, 'RequestMalformedError'],
    [
      'of a context that is no Unicode',
      nothing,
      request('m1', { contextId: '\ud800' }),
      {},
      'RequestMalformedError',
    ],
    ['of a task that does not exist', nothing, request('m1', { taskId }), {}, 'TaskNotFoundError'],
    ['of a task that has ended', ended, request('m1', { taskId }), {}, 'UnsupportedOperationError'],
    [
      'of another context',
      asking,
      request('m1', { taskId, contextId: 'context-2' }),
      {},
      'RequestMalformedError',
    ],
    [
      'of an earlier generation',
      asking,
      request('m1', { taskId }),
      { 'a2a-if-generation-match': '1' },
      'TaskGenerationMismatchError',
    ],
    [
      'of a generation and no task',
      nothing,
      request('m1'),
      { 'a2a-if-generation-match': '1' },
      'RequestMalformedError',
    ],
  ] as const)(
    '[I7] %s is refused, and leaves no log open',
    async (_, setUp, sent, headers, name) => {
      await setUp();
      await flush();
      const puts = host.fleet.storage.puts.length;
      const context = contextOf(headers, [RESUMABLE_STREAMS]);
      const error: Error = await starter.start(sent, context).then(
        () => new Error('It was accepted.'),
        (refused) => refused,
      );
      expect(error.constructor.name).toBe(name);
      await flush();
      expect(host.openLogs).toBe(0);
      expect(host.fleet.storage.puts).toHaveLength(puts);
    },
  );

  test('[I5] is refused before anything is read once the instance stops', async () => {
    const stopped = host.member.instance.stop(0);
    const { reads } = host.fleet.storage;
    await expect(starter.start(request('m1'), contextOf())).rejects.toMatchObject({
      code: 'draining',
    });
    expect(host.fleet.storage.reads).toBe(reads);
    await host.fleet.clock.advance(10_000);
    await stopped;
  });
});

test('[I6] a run that does not start within 15 s is refused, and found by the message sent again', async () => {
  const held = gate();
  host.fleet.storage.onPut = held.hook;
  const refused = expect(starter.start(request(UNIQUE), contextOf())).rejects.toMatchObject({
    code: 'unreachable',
  });
  await host.fleet.clock.advance(15_000);
  await refused;
  host.fleet.storage.onPut = pass;
  held.open();
  await flush();
  const again = await starter.start(request(UNIQUE), contextOf());
  expect(again.open.log.state.runs.size).toBe(1);
});

describe('the run of a lost instance', () => {
  const RECORDED = '{"v":1,"outputModes":[],"extensions":[]}';

  async function resume(recorded: string): Promise<{ finished: () => number }> {
    const { run } = await begin(host.member, 'm1', KEY, recorded);
    let finished = 0;
    const finish = async (): Promise<void> => {
      finished += 1;
      await host.member.instance.intents.finish(run);
    };
    const of = { message: message('m1'), contextId: 'context-1', digest: 'm1' };
    starter.resume({ run, ...of, recorded, finish });
    await flush();
    return { finished: () => finished };
  }

  test('[I6] [I9] is executed here, with its message and in the name of its owner', async () => {
    const seen: unknown[] = [];
    host.execute = (bus, of) => {
      seen.push(of.userMessage.messageId, of.context?.user?.userName);
      bus.say(of, taskOf(WORKING), statusOf(COMPLETED));
    };
    const { finished } = await resume(RECORDED);
    expect(seen).toEqual(['m1', KEY.owner]);
    expect(finished()).toBe(1);
    expect(await host.fleet.states()).toEqual([WORKING, COMPLETED]);
  });

  test('[I6] is ended if its request cannot be read', async () => {
    let calls = 0;
    host.execute = () => {
      calls += 1;
    };
    const { finished } = await resume('{"v":2}');
    expect([calls, finished()]).toEqual([0, 1]);
    expect(host.logged.join()).toContain('run.resume-failed');
  });
});
