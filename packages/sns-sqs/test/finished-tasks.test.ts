import { sleep } from '@a2a-aws/core/internal';
import { describe, expect, test, vi } from 'vitest';
import { heapCensus } from '../../core/test/fixtures/heap-census.ts';
import { DirectFanout } from '../src/direct-fanout.ts';
import { SnsFanout } from '../src/sns-fanout.ts';
import { FakeFleet, keyOf } from './fixtures/fake-fleet.ts';

// Minutes of virtual time, with thousands of calls: a machine under load may take its time.
vi.setConfig({ testTimeout: 120_000 });

const TASKS = 150;
const EVENTS = 4;

const fanouts = {
  sns: (options: ConstructorParameters<typeof DirectFanout>[0] & FakeClients, topicArn: string) =>
    new SnsFanout({ ...options, topicArn }),
  direct: (options: ConstructorParameters<typeof DirectFanout>[0]) => new DirectFanout(options),
};
type FakeClients = ReturnType<FakeFleet['aws']['clients']>;

describe.each(['sns', 'direct'] as const)('[I7] over %s', (name) => {
  test('no stored state grows with the number of finished tasks', async () => {
    const fleet = new FakeFleet();
    const topicArn = fleet.aws.sns.createTopic('events');
    const work = async (): Promise<void> => {
      const writer = await fleet.start((options) => fanouts[name](options, topicArn));
      const reader = await fleet.start((options) => fanouts[name](options, topicArn));
      let tasks = 0;
      const finish = async (): Promise<void> => {
        const key = keyOf(tasks++);
        const read = fleet.read(reader, key, EVENTS);
        const run = await fleet.write(writer, key, EVENTS);
        expect(await read).toHaveLength(EVENTS);
        await writer.instance.intents.finish(run);
        const feeds = [writer.instance.logs, reader.instance.logs];
        while (feeds.some(({ openLogs }) => openLogs > 0)) await sleep(fleet.clock, 10);
        fleet.storage.forget(key);
      };
      const finishAll = async (count: number): Promise<ReturnType<typeof heapCensus>> => {
        for (let n = 0; n < count; n += 1) await finish();
        // Every instance has swept its own rows by now.
        await sleep(fleet.clock, 180_000);
        return heapCensus();
      };
      await finishAll(TASKS / 2);
      const before = await finishAll(TASKS);
      const after = await finishAll(TASKS);
      for (const kind of ['maps', 'sets', 'arrays'] as const) {
        expect(after[kind] - before[kind], kind).toBeLessThan(TASKS / 4);
      }
    };
    await fleet.clock.run(work(), 3_600_000);
    await fleet.clock.run(fleet.stop());
  });
});
