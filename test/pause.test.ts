import { type Cluster, startCluster } from '@a2a-aws/local';
import { type Client, ClientFactory } from '@a2a-js/sdk/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AwsView } from './fixtures/aws-view.ts';
import { eventually, soon } from './fixtures/eventually.ts';
import { CALM_LEASE } from './fixtures/fleet.ts';
import { get, send } from './fixtures/requests.ts';
import { StreamReader } from './fixtures/stream-reader.ts';
import { pictureOf } from './fixtures/task-picture.ts';

const timeout = 120_000;
let cluster: Cluster;
let view: AwsView;

beforeAll(async () => {
  const executor = new URL('./fixtures/counting-agent.ts', import.meta.url);
  cluster = await startCluster({ instances: 2, executor, lease: CALM_LEASE });
  view = new AwsView(cluster.aws, { tenant: '', owner: 'unknown' });
}, timeout);

afterAll(async () => {
  view?.stop();
  await cluster?.stop();
}, timeout);

test('[I5] [I7] a process that was stopped for longer than its lease wakes up fenced, and continues as a new instance', {
  timeout,
}, async () => {
  const [a, b] = cluster.instances;
  if (!a || !b) throw new Error('Two instances.');
  const clients = await Promise.all(
    [a, b].map(({ url }) => new ClientFactory().createFromUrl(url)),
  );
  const [onA, onB] = clients as [Client, Client];
  const { instance: dead } = (await a.stats()) as { instance: string };
  const sender = new StreamReader(onA.sendMessageStream(send('1000 chunks, 50 ms apart')));
  const id = await sender.taskId();
  const subscriber = new StreamReader(onB.resubscribeTask(get(id)));
  await subscriber.until('chunks', ({ artifacts }) => (artifacts.count?.length ?? 0) > 2);

  a.kill('SIGSTOP');
  await subscriber.end();
  expect(subscriber.picture).toMatchObject({ state: 'FAILED' });
  // After the pause, it removes by itself the resource that a call in flight has created.
  const gone = () =>
    eventually('nothing of it to be left', async () => {
      const { leases, runs, watches } = await view.rowsOf(dead);
      return leases + runs + watches === 0 && !(await view.reach()).join().includes(dead);
    });
  await gone();
  const log = await view.log(id);
  a.kill('SIGCONT');

  const living = await eventually('another life', async () => {
    const stats = await a.stats().catch(() => undefined);
    return stats !== undefined && stats.instance !== dead && stats.instance;
  });
  const again = await soon('send', onA.sendMessage(send('3 chunks, 50 ms apart')));
  expect(pictureOf(again as Parameters<typeof pictureOf>[0])).toMatchObject({
    state: 'COMPLETED',
    artifacts: { count: ['0', '1', '2'] },
  });
  await eventually('a queue of its own', async () => (await view.reach()).join().includes(living));
  expect(await view.log(id)).toEqual(log);
  expect(pictureOf(await onA.getTask(get(id)))).toEqual(subscriber.picture);
  await Promise.allSettled([sender.end()]);
  await gone();
});
