import {
  asGeneration,
  BackendError,
  type Clock,
  type LogFields,
  silentLogger,
} from '@a2a-aws/core';
import { Backlog, EMPTY_STATE } from '@a2a-aws/core/internal';
import {
  type StreamResponse,
  Task,
  TaskArtifactUpdateEvent,
  TaskPushNotificationConfig,
  TaskStatusUpdateEvent,
} from '@a2a-js/sdk';
import { AgentEvent, ServerCallContext } from '@a2a-js/sdk/server';
import { describe, expect, test } from 'vitest';
import { PushJobs } from '../../src/pushes/push-jobs.ts';
import { PushQueue } from '../../src/pushes/push-queue.ts';
import { UserErrors } from '../../src/user-code/user-errors.ts';

const context = new ServerCallContext({});
const config = TaskPushNotificationConfig.fromJSON({ id: 'c', url: 'https://client.example/' });

const chunk = (n: number) =>
  AgentEvent.artifactUpdate(
    TaskArtifactUpdateEvent.fromJSON({
      taskId: 't',
      artifact: { artifactId: 'out', parts: [{ text: `${n}` }] },
      append: n > 0,
    }),
  );
const status = (state: string) =>
  AgentEvent.statusUpdate(TaskStatusUpdateEvent.fromJSON({ taskId: 't', status: { state } }));

interface RigOptions {
  readonly ownSender?: boolean;
  readonly onSend?: (task?: Task) => Promise<void>;
  readonly backlogBytes?: number;
}

/**
 * A push queue for a task of any size, which counts the calls to the task, the store and the
 * sender.
 */
class Rig {
  now = 1_000;
  readonly configs: TaskPushNotificationConfig[] = [];
  fault: Error | undefined;
  looks = 0;
  copies = 0;
  sending = 0;
  most = 0;
  readonly sent: StreamResponse[] = [];
  readonly backlog: Backlog;
  readonly lines: { event: string; fields: LogFields | undefined }[] = [];
  readonly jobs = new PushJobs();
  readonly line: PushQueue;

  constructor(options: RigOptions = {}) {
    this.backlog = new Backlog(options.backlogBytes ?? 100_000_000);
    const clock: Clock = { now: () => this.now, after: () => () => {} };
    const load = async (): Promise<TaskPushNotificationConfig[]> => {
      this.looks += 1;
      const found = [...this.configs];
      await Promise.resolve();
      if (this.fault) throw this.fault;
      return found;
    };
    const log = {
      key: { tenant: '', owner: 'o', taskId: 't' },
      state: { ...EMPTY_STATE, hasTask: true },
      task: () => {
        this.copies += 1;
        return Task.fromJSON({ id: 't', contextId: 'x' });
      },
    };
    this.line = new PushQueue(log, this.backlog, (move) => this.jobs.enqueue('t', move), {
      clock,
      store: options.ownSender ? undefined : { load },
      sender: {
        send: async (response, _context, task) => {
          this.sending += 1;
          this.most = Math.max(this.most, this.sending);
          this.sent.push(response);
          await options.onSend?.(task);
          this.sending -= 1;
        },
      },
      errors: new UserErrors({ logErrorMessages: false }, silentLogger),
      logger: {
        ...silentLogger,
        info: (event, fields) => this.lines.push({ event, fields }),
        warn: (event, fields) => this.lines.push({ event, fields }),
      },
    });
  }

  add(...events: Parameters<PushQueue['add']>[0][]): void {
    for (const event of events) this.line.add(event, context);
  }

  /** The pushed events: numbers of chunks, states. */
  get told(): unknown[] {
    return this.sent.map(({ payload }) => {
      if (payload?.$case === 'artifactUpdate') {
        return Number(payload.value.artifact?.parts[0]?.content?.value);
      }
      return payload?.$case === 'statusUpdate' ? payload.value.status?.state : undefined;
    });
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

describe('a task without a config', () => {
  test('a burst costs one look-up for its chunks and one for its last status, and no copy', async () => {
    const rig = new Rig();

    rig.add(...numbers(10_000).map(chunk));
    await settled();
    rig.add(status('TASK_STATE_COMPLETED'));
    await settled();

    expect(rig.looks).toBe(2);
    expect(rig.copies).toBe(0);
    expect(rig.told).toEqual([]);
  });

  test('chunks cost a look-up a second, each status costs one', async () => {
    const rig = new Rig();

    for (const n of numbers(30)) {
      rig.add(chunk(n));
      await settled();
      rig.now += 100;
    }
    expect(rig.looks).toBe(3);
    for (const state of ['TASK_STATE_WORKING', 'TASK_STATE_WORKING']) {
      rig.add(status(state));
      await settled();
    }
    expect(rig.looks).toBe(5);
  });
});

describe('a config that is set meanwhile, anywhere', () => {
  test('gets the next status, and the chunks after it', async () => {
    const rig = new Rig();
    rig.add(chunk(0));
    await settled();

    rig.configs.push(config);
    rig.add(chunk(1), status('TASK_STATE_WORKING'), chunk(2));
    await settled();

    expect(rig.told).toEqual([2, 2]);
    expect(rig.sent.map(({ payload }) => payload?.$case)).toEqual([
      'statusUpdate',
      'artifactUpdate',
    ]);
  });

  test('gets the chunks of a second later', async () => {
    const rig = new Rig();
    rig.add(chunk(0));
    await settled();

    rig.configs.push(config);
    rig.now += 1_000;
    rig.add(chunk(1));
    await settled();

    expect(rig.told).toEqual([1]);
  });

  test('gets every chunk of a run that starts after it, even during a look-up', async () => {
    const rig = new Rig();
    rig.add(chunk(0));
    await Promise.resolve();

    rig.configs.push(config);
    rig.line.forget();
    rig.add(chunk(1));
    await settled();
    rig.add(chunk(2));
    await settled();

    expect(rig.told).toEqual([1, 2]);
  });
});

describe('a task with a config', () => {
  test('each event is pushed once, in order, one at a time; the task is copied only if the sender reads it', async () => {
    const rig = new Rig({ onSend: settled });
    rig.configs.push(config);

    rig.add(...numbers(20).map(chunk));
    while (rig.sent.length < 20 || rig.sending > 0) await settled();

    expect(rig.told).toEqual(numbers(20));
    expect(rig.most).toBe(1);
    expect(rig.looks).toBe(1);
    expect(rig.copies).toBe(0);
  });

  test('a sender that reads the task gets all of it, from one copy', async () => {
    const seen: unknown[] = [];
    const rig = new Rig({ onSend: async (task) => void seen.push({ ...task }) });
    rig.configs.push(config);

    rig.add(status('TASK_STATE_WORKING'));
    await settled();

    expect(seen).toEqual([Task.fromJSON({ id: 't', contextId: 'x' })]);
    expect(rig.copies).toBe(1);
  });
});

test('each run reports the events of one record; each event is pushed once, in the order of the log', async () => {
  const rig = new Rig({ ownSender: true });
  const canceled = status('TASK_STATE_CANCELED');

  // The second run's first event is the record's first; the last is the backend's own.
  for (const at of [1, 3]) rig.line.add(chunk(at), context, asGeneration(at));
  rig.line.add(canceled, context, asGeneration(4));
  for (const at of [0, 2]) rig.line.add(chunk(at), context, asGeneration(at));
  rig.line.add(canceled, context, asGeneration(4));
  await settled();

  expect(rig.told).toEqual([0, 1, 2, 3, 5]);
  expect(rig.backlog.bytes).toBe(0);
});

describe('[I8] waiting events of a slow receiver', () => {
  test('is bounded: chunks beyond that are dropped and counted, the last status is not', async () => {
    const rig = new Rig({ ownSender: true, onSend: settled, backlogBytes: 20_000 });

    rig.add(...numbers(1_000).map(chunk), status('TASK_STATE_COMPLETED'));
    expect(rig.backlog.bytes).toBeLessThan(22_000);
    while (rig.backlog.bytes > 0) await settled();

    const { told } = rig;
    expect(told.length).toBeLessThan(20);
    expect(told.at(-1)).toBe(3);
    expect(told.slice(0, -1)).toEqual(numbers(told.length - 1));
    const events = 1_001 - told.length;
    await settled();
    expect(rig.lines).toMatchObject([
      { event: 'push.failed', fields: { taskId: 't', code: 'backlog-full', events } },
    ]);
  });

  test.each(['TASK_STATE_COMPLETED', 'TASK_STATE_INPUT_REQUIRED'])(
    'are limited for an agent that publishes only statuses, but the final status is pushed: %s',
    async (last) => {
      const rig = new Rig({ ownSender: true, onSend: settled, backlogBytes: 20_000 });

      rig.add(...numbers(1_000).map(() => status('TASK_STATE_WORKING')), status(last));
      expect(rig.backlog.bytes).toBeLessThan(22_000);
      while (rig.backlog.bytes > 0) await settled();

      expect(rig.told.length).toBeLessThan(20);
      expect(rig.sent.at(-1)?.payload).toEqual({
        $case: 'statusUpdate',
        value: status(last).data,
      });
    },
  );

  test('are dropped if there is no config', async () => {
    const rig = new Rig({ backlogBytes: 20_000 });

    rig.add(...numbers(1_000).map(chunk));
    await settled();

    expect(rig.backlog.bytes).toBe(0);
    expect(rig.lines).toEqual([]);
  });
});

test('a custom sender gets every event, whatever the store contains', async () => {
  const rig = new Rig({ ownSender: true });

  rig.add(chunk(0), chunk(1));
  await settled();

  expect(rig.told).toEqual([0, 1]);
  expect(rig.looks).toBe(0);
});

test('a failed look-up of configs is one log event, and the next event repeats the look-up', async () => {
  const rig = new Rig();
  rig.configs.push(config);
  rig.fault = new BackendError('unreachable', 'No answer.');
  rig.add(...numbers(50).map(chunk));
  await settled();
  const lost = rig.lines.reduce((sum, { fields }) => sum + Number(fields?.events), 0);
  expect(lost).toBe(50);
  expect(rig.lines.length).toBeLessThanOrEqual(2);
  expect(rig.lines[0]).toMatchObject({ event: 'push.failed', fields: { code: 'unreachable' } });

  const failures = rig.lines.length;
  rig.fault = undefined;
  rig.add(chunk(50));
  await settled();
  rig.add(chunk(51));
  await settled();

  expect(rig.told).toEqual([50, 51]);
  expect(rig.lines.slice(failures)).toMatchObject([
    { event: 'push.recovered', fields: { taskId: 't' } },
  ]);
});

test('an event that a sender rejects is counted, and does not hold up the next', async () => {
  const rig = new Rig({
    ownSender: true,
    onSend: () => Promise.reject(new Error('This text is not logged.')),
  });

  rig.add(chunk(0));
  await settled();
  rig.add(chunk(1));
  await settled();

  expect(rig.told).toEqual([0, 1]);
  expect(rig.lines).toMatchObject([
    { event: 'push.failed', fields: { code: 'unexpected', events: 1 } },
    { event: 'push.failed', fields: { code: 'unexpected', events: 1 } },
  ]);
});
