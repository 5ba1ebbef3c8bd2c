import { TaskState } from '@a2a-js/sdk';
import type { FanoutChoice } from 'a2a-aws';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AwsView } from './fixtures/aws-view.ts';
import { eventually, Gate, pause } from './fixtures/eventually.ts';
import { Fleet } from './fixtures/fleet.ts';
import { cancel, get, send } from './fixtures/requests.ts';
import { StreamReader } from './fixtures/stream-reader.ts';

const timeout = 60_000;

const CHOICES: readonly { readonly fanout: FanoutChoice; readonly queues: number }[] = [
  { fanout: 'direct', queues: 3 },
  { fanout: 'polling', queues: 0 },
];

describe.each(CHOICES)('three instances without a topic, fan-out $fanout', ({ fanout, queues }) => {
  let fleet: Fleet;
  let view: AwsView;

  beforeAll(async () => {
    fleet = await Fleet.start({ fanout, topicArn: undefined });
    view = new AwsView(fleet.aws);
  }, timeout);
  afterAll(async () => {
    view.stop();
    await fleet.stop();
  }, timeout);

  test('have as much in AWS as they need', { timeout }, async () => {
    await view.reached(queues);
    // Its first poll may still be under way.
    const wanted = fanout === 'polling' ? undefined : true;
    await eventually('health', () => fleet.a.backend.health().doorbell === wanted);
  });

  test("[I3] stream each other's tasks, each event once, in order", { timeout }, async () => {
    const gate = new Gate();
    const text = fleet.script(async (turn) => {
      turn.task();
      await gate.opened;
      for (let i = 0; i < 30; i += 1) {
        turn.artifact('out', `${i} 👋`, i > 0);
        await pause(20);
      }
      turn.status('COMPLETED', 'done');
    });
    const sender = new StreamReader((await fleet.a.client()).sendMessageStream(send(text)));
    const id = await sender.taskId();
    const others = await Promise.all([fleet.b.client(), fleet.c.client()]);
    const readers = others.map((client) => new StreamReader(client.resubscribeTask(get(id))));
    await Promise.all(readers.map((reader) => reader.taskId()));
    gate.open();
    await Promise.all([sender, ...readers].map((reader) => reader.end()));
    expect(sender.picture?.artifacts.out).toHaveLength(30);
    for (const reader of readers) expect(reader.picture).toEqual(sender.picture);
  });

  test("[I6] cancel each other's tasks", { timeout }, async () => {
    const text = fleet.script(async (turn) => {
      turn.task();
      await turn.untilCanceled();
      turn.status('CANCELED');
    });
    const sender = new StreamReader((await fleet.a.client()).sendMessageStream(send(text)));
    const id = await sender.taskId();
    const task = await (await fleet.c.client()).cancelTask(cancel(id));
    expect(task.status?.state).toBe(TaskState.TASK_STATE_CANCELED);
    await sender.end();
    expect(sender.picture?.state).toBe('CANCELED');
  });

  test('[I7] leave no resource behind', { timeout }, async () => {
    await Promise.all(fleet.nodes.map(({ backend }) => backend.stop({ drainMs: 200 })));
    expect(await view.reach()).toEqual([]);
  });
});
