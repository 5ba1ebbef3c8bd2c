import { flush, seededEntropy, TestClock } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import type { TaskEvent } from '../../src/a2a/event.ts';
import { Backlog } from '../../src/log/backlog.ts';
import { MemoryInstanceRegistry } from '../../src/memory/memory-instance-registry.ts';
import { proposeCancel, proposeFence } from '../../src/model/proposal.ts';
import { DEFAULT_RETENTION_MS } from '../../src/model/retention.ts';
import { loggerOf } from '../../src/ports/logger.ts';
import { OpenLog } from '../../src/reading/open-log.ts';
import { Run, type StopReason } from '../../src/runs/run.ts';
import { authorOf, say, startRun } from '../fixtures/author.ts';
import {
  CANCELED,
  COMPLETED,
  chunkOf,
  FAILED,
  INPUT_REQUIRED,
  KEY,
  message,
  statusOf,
  taskOf,
  WORKING,
} from '../fixtures/events.ts';
import { WrappedStorage } from '../fixtures/wrapped-storage.ts';

let open: OpenLog;
let run: Run;
let instanceEnd: AbortController;
let stops: StopReason[];
let refused: number;
let logged: string[];

beforeEach(async () => {
  const clock = new TestClock();
  instanceEnd = new AbortController();
  stops = [];
  refused = 0;
  logged = [];
  const logger = loggerOf((_, event, fields) => logged.push(`${event} ${fields?.code ?? ''}`));
  open = new OpenLog(KEY, {
    storage: new WrappedStorage(),
    registry: new MemoryInstanceRegistry(),
    instance: 'a',
    delivers: false,
    notifier: { pushDue: () => {}, recordAppended: () => {}, watchChanged: () => {} },
    backlog: new Backlog(),
    diverged: () => {},
    retentionMs: DEFAULT_RETENTION_MS,
    clock,
    entropy: seededEntropy('a'),
    logger,
    signal: new AbortController().signal,
  });
  run = new Run('r', {
    attempt: 1,
    open,
    author: authorOf('a'),
    clock,
    logger,
    signal: instanceEnd.signal,
    refused: () => {
      refused += 1;
    },
  });
  run.onStop((reason) => stops.push(reason));
  await startRun(open.log, 'r');
});

const stateOf = (): number | undefined => open.log.state.status?.state;

describe('publishing', () => {
  test('[I2] resolves with the stored event and its generation once it is durable', async () => {
    await run.publish(taskOf(WORKING));
    const chunk = chunkOf('out', 'text');
    expect(await run.append(chunk)).toEqual({ event: chunk, generation: 2 });
    expect(run.isWhole).toBe(true);
  });

  test('[I9] refuses an event of another task, and logs each reason once', async () => {
    const foreign = statusOf(WORKING, undefined, undefined, 'another');
    expect(await run.publish(foreign)).toBeUndefined();
    expect(await run.publish(foreign)).toBeUndefined();
    expect(logged).toEqual(['run.event-refused other-task']);
    expect([run.isWhole, refused]).toEqual([false, 2]);
  });

  test('[I6] an event that cannot be stored fails the task, and no event follows', async () => {
    await run.publish(taskOf(WORKING));
    const invalid = chunkOf('out', 'text', { artifact: { metadata: { value: Number.NaN } } });
    expect(await run.publish(invalid)).toBeUndefined();
    expect(await run.publish(chunkOf('late', 'text'))).toBeUndefined();
    await run.flush();
    expect(stateOf()).toBe(FAILED);
    expect(open.log.task()?.artifacts).toEqual([]);
    expect(logged).toEqual(['run.event-refused invalid-event', 'run.event-refused given-up']);
  });

  test('listeners get the events of this run and of the backend, but not of other runs', async () => {
    const events: TaskEvent['kind'][] = [];
    run.onEvent(({ kind }) => events.push(kind));
    await run.publish(taskOf(WORKING));
    await startRun(open.log, 'other', 'b');
    await say(open.log, 'other', chunkOf('other', 'text'), 'b');
    expect(events).toEqual(['task']);
    await run.fail('Failed.');
    expect(events).toEqual(['task', 'statusUpdate']);
  });
});

describe('a run stops', () => {
  test('as ended after its own final event, which does not abort its signal', async () => {
    await run.publish(statusOf(COMPLETED));
    expect(stops).toEqual(['ended']);
    expect(run.signal.aborted).toBe(false);
  });

  test('as ended after an answer', async () => {
    expect(await run.answer(message('answer', 'text', 'ROLE_AGENT'))).toBe(true);
    expect(stops).toEqual(['ended']);
    expect(await run.publish(statusOf(WORKING))).toBeUndefined();
  });

  test('[I4] as closed if another run ends the task', async () => {
    await run.publish(taskOf(WORKING));
    await startRun(open.log, 'other', 'b');
    await say(open.log, 'other', statusOf(COMPLETED), 'b');
    expect(stops).toEqual(['closed']);
    expect(run.signal.aborted).toBe(true);
    expect(await run.publish(statusOf(FAILED))).toBeUndefined();
    expect(stateOf()).toBe(COMPLETED);
  });

  test('on a cancel request, after which it may still publish its final event', async () => {
    await run.publish(taskOf(WORKING));
    await open.log.append(proposeCancel(authorOf('b'), 'b'));
    expect(stops).toEqual(['cancel']);
    expect(run.signal.aborted).toBe(true);
    expect(await run.publish(statusOf(CANCELED))).toBeDefined();
    expect(stops).toEqual(['cancel', 'ended']);
  });

  test('[I5] as closed once its instance is fenced', async () => {
    await run.publish(taskOf(WORKING));
    await open.log.append(proposeFence(authorOf('b'), 'a'));
    expect(stops).toEqual(['closed']);
    expect(await run.publish(statusOf(COMPLETED))).toBeUndefined();
    expect(stateOf()).toBe(FAILED);
  });

  test('as closed when its instance stops', async () => {
    instanceEnd.abort();
    await flush();
    expect(stops).toEqual(['closed']);
  });

  test('for a listener that comes later at once, and for none after its disposal', async () => {
    await run.publish(statusOf(COMPLETED));
    const late: StopReason[] = [];
    run.onStop((reason) => late.push(reason));
    expect(late).toEqual(['ended']);
    run.dispose();
    instanceEnd.abort();
    expect(late).toEqual(['ended']);
  });
});

describe('the end of a run', () => {
  test('[I6] fails a task that still looks active', async () => {
    await run.publish(taskOf(WORKING));
    await run.end();
    expect(stateOf()).toBe(FAILED);
  });

  test('leaves a task that waits for input', async () => {
    await run.publish(taskOf(WORKING));
    await run.publish(statusOf(INPUT_REQUIRED));
    await run.end();
    expect(stateOf()).toBe(INPUT_REQUIRED);
    expect(open.log.state.sealed).toBe(false);
  });

  test('leaves a task that another run still works on', async () => {
    await run.publish(taskOf(WORKING));
    await startRun(open.log, 'other', 'b');
    await run.end();
    expect(stateOf()).toBe(WORKING);
  });

  test('waits for the events that were published before', async () => {
    void run.publish(taskOf(WORKING));
    void run.publish(statusOf(COMPLETED));
    await run.end();
    expect(stateOf()).toBe(COMPLETED);
    expect(run.isWhole).toBe(true);
  });
});
