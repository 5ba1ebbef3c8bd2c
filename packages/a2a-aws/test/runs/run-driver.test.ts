import { flush } from '@a2a-aws/testkit/fakes';
import { RequestContext } from '@a2a-js/sdk/server';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  CANCELED,
  COMPLETED,
  chunkOf,
  FAILED,
  KEY,
  message,
  statusOf,
  taskOf,
  WORKING,
} from '../../../core/test/fixtures/events.ts';
import { begin } from '../../../core/test/fixtures/fleet.ts';
import { lost } from '../../../core/test/fixtures/wrapped-storage.ts';
import { runContext } from '../../src/runs/run-context.ts';
import type { RunDriver } from '../../src/runs/run-driver.ts';
import { RunScope, type StartedBy } from '../../src/runs/run-scope.ts';
import { contextOf, HandlerHost, request } from '../fixtures/handler-host.ts';

const never = (): Promise<never> => new Promise(() => {});

let host: HandlerHost;
let driver: RunDriver;

beforeEach(async () => {
  host = await HandlerHost.start();
  driver = host.driver();
});

/** Drives the run of a message, as a run starter does. */
async function drive(name = 'm1', resumed?: StartedBy, by = driver) {
  const open = await host.open();
  const { instance } = host.member;
  const started: StartedBy = resumed ?? { instance, retry: 'always', isNewTask: false };
  const scope = new RunScope(open, request(name, { taskId: KEY.taskId }), name, started);
  const { message: said } = scope.request;
  if (!said) throw new Error('No message.');
  const context = new RequestContext(scope.request, KEY.taskId, 'context-1', contextOf());
  let isOver = false;
  const executed = by.drive(scope, context);
  void executed.then(() => {
    isOver = true;
  });
  await flush();
  return { scope, open, executed, isOver: () => isOver };
}

describe('a driven run', () => {
  test('[I2] tells listeners of its bus the events that are durable, and ends after them', async () => {
    const seen: string[] = [];
    host.execute = (bus, of) => {
      bus.note(seen);
      bus.say(of, taskOf(WORKING), statusOf(COMPLETED));
      seen.push('said');
    };
    const { scope, executed } = await drive();
    await executed;
    await flush();
    expect(await scope.started).toMatchObject({ own: true });
    expect(seen).toEqual(['said', 'task', 'statusUpdate', 'finished']);
    expect(await host.fleet.states()).toEqual([WORKING, COMPLETED]);
    expect(await host.fleet.registry.intents('a')).toEqual([]);
  });

  test('tells listeners of its bus the end also if its intent cannot be removed', async () => {
    const { run } = await begin(host.member, 'm1');
    const seen: string[] = [];
    host.execute = (bus) => bus.note(seen);
    const finish = (): Promise<void> => Promise.reject(new Error('gone'));
    const { executed } = await drive('m1', { resumed: { run, finish } });
    await executed;
    await flush();
    expect(seen).toEqual(['finished']);
    expect(host.logged.join()).toContain('run.cut-short');
  });

  test('shows its executor the task as the log has it', async () => {
    const { run } = await begin(host.member, 'm0');
    await run.publish(taskOf(WORKING));
    await run.publish(chunkOf('out', 'one'));
    const shown: unknown[] = [];
    host.execute = (_, of) => {
      shown.push(of.task?.artifacts[0]?.artifactId, runContext(of)?.attempt);
    };
    await drive();
    expect(shown).toEqual(['out', 1]);
  });

  test('fails with a fixed text if its executor does, whose error no client and no log sees', async () => {
    host.execute = async (bus, of) => {
      bus.say(of, taskOf(WORKING));
      throw new Error('secret');
    };
    await drive();
    const { status } = (await host.fleet.fold()).task() ?? {};
    expect(status?.state).toBe(FAILED);
    expect(JSON.stringify(status)).toContain('The agent failed.');
    expect(JSON.stringify(status) + host.logged.join()).not.toContain('secret');
    expect(host.logged.join()).toContain('run.executor-failed');
  });

  test.each([
    [true, '{"v":1,"outputModes":[],"extensions":[]}'],
    [false, undefined],
  ])('leaves what another instance needs to resume it: %s', async (isResumable, resume) => {
    host.execute = never;
    await drive('m1', undefined, host.driver(isResumable));
    const [row] = await host.fleet.registry.intents('a');
    expect(row?.resume).toBe(resume);
  });
});

describe('a message that starts no run', () => {
  test('[I4] resolves to the run that it has started before', async () => {
    const { run } = await begin(host.member, 'm1');
    const { scope } = await drive('m1');
    expect(await scope.started).toEqual({ run: run.id, own: false });
  });

  test('[I4] is refused by a task that has ended', async () => {
    const { run } = await begin(host.member, 'm0');
    await run.publish(taskOf(COMPLETED));
    const { scope } = await drive();
    await expect(scope.started).rejects.toThrow('The task has ended');
  });

  test('is refused by a task that is being canceled', async () => {
    const { run } = await begin(host.member, 'm0');
    await run.publish(taskOf(WORKING));
    void host.member.instance.cancel(KEY, 10_000);
    await flush();
    const { scope } = await drive();
    await expect(scope.started).rejects.toThrow('The task is being canceled.');
  });

  test('[I5] is refused by an instance that was declared dead', async () => {
    await host.fleet.registry.markDead('a', 1);
    const { scope, isOver } = await drive();
    await expect(scope.started).rejects.toMatchObject({ code: 'fenced' });
    expect(isOver()).toBe(true);
    expect(host.logged.join()).toContain('run.cut-short');
  });
});

describe('an executor that goes on', () => {
  test('[I6] after its final event is left alone for 5 s, then told', async () => {
    let signal: AbortSignal | undefined;
    host.execute = (bus, of) => {
      signal = runContext(of)?.signal;
      bus.say(of, taskOf(WORKING), statusOf(COMPLETED));
      return never();
    };
    const { isOver } = await drive();
    await host.fleet.clock.advance(4_999);
    expect([isOver(), signal?.aborted]).toEqual([false, false]);
    await host.fleet.clock.advance(1);
    expect([isOver(), signal?.aborted]).toEqual([true, true]);
    expect(host.cancels).toBe(0);
  });

  test('[I6] is told to cancel, and may publish its own end', async () => {
    const { fleet, member } = host;
    let publishEnd = (): void => {};
    host.execute = async (bus, of) => {
      bus.say(of, taskOf(WORKING));
      await new Promise<void>((resolve) => {
        publishEnd = () => {
          bus.say(of, statusOf(CANCELED, message('bye')));
          resolve();
        };
      });
    };
    host.cancel = async () => publishEnd();
    const { isOver } = await drive();
    expect(await member.instance.cancel(KEY, 10_000)).toHaveProperty('canceled');
    await flush();
    expect([isOver(), host.cancels]).toEqual([true, 1]);
    expect((await fleet.fold()).task()?.status?.message?.messageId).toBe('bye');
  });

  test('is told once, however many runs its task has here', async () => {
    host.execute = (bus, of) => {
      bus.say(of, taskOf(WORKING));
      return never();
    };
    host.cancel = () => Promise.reject(new Error('secret'));
    await drive('m1');
    await drive('m2');
    void host.member.instance.cancel(KEY, 10_000);
    await flush();
    expect(host.cancels).toBe(1);
    expect(host.logged.join()).toContain('run.cancel-failed');
    expect(host.logged.join()).not.toContain('secret');
  });

  test('[I6] is not waited for once its log takes no events', async () => {
    let signal: AbortSignal | undefined;
    host.execute = (bus, of) => {
      signal = runContext(of)?.signal;
      bus.say(of, taskOf(WORKING));
      return never();
    };
    const { isOver, open } = await drive();
    await host.member.instance.cancel(KEY, 0);
    await flush();
    expect(open.log.state.sealed).toBe(true);
    expect([isOver(), signal?.aborted, host.cancels]).toEqual([true, true, 1]);
  });
});

test('an executor is not called for a run that was stopped before', async () => {
  const { run } = await begin(host.member, 'm1');
  await run.publish(taskOf(WORKING));
  void host.member.instance.cancel(KEY, 10_000);
  await flush();
  let calls = 0;
  let finished = 0;
  host.execute = () => {
    calls += 1;
  };
  const finish = async (): Promise<void> => {
    finished += 1;
  };
  await drive('m1', { resumed: { run, finish } });
  expect([calls, finished]).toEqual([0, 1]);
});

test('[I6] a start that gets no answer rejects, and is not waited for', async () => {
  host.fleet.storage.onPut = lost;
  const { scope, isOver } = await drive();
  void host.member.instance.stop(0);
  await host.fleet.clock.advance(10_000);
  await expect(scope.started).rejects.toMatchObject({ code: 'unreachable' });
  expect(isOver()).toBe(true);
});
