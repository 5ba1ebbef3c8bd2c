import { DEFAULT_LEASE_SETTINGS, type LogRecord } from '@a2a-aws/core';
import { eventStatus, isTerminal } from '@a2a-aws/core/internal';
import type { AwsView } from '../fixtures/aws-view.ts';
import { ChaosClient } from './chaos-client.ts';
import type { ChaosServer } from './chaos-server.ts';
import { type Servers, withServers } from './servers.ts';

/** The recovery from one killed server. */
export interface TimedKill {
  /** Whether the killed instance was the leader. */
  readonly led: boolean;
  /** From the kill until its last task was terminal, in milliseconds. */
  readonly endedMs: number;
  /** From then until no queue, subscription or row of the instance was left, in milliseconds. */
  readonly cleanedMs: number;
}

const TASKS = 5;
const LIMIT_MS = 180_000;
const POLL_MS = 200;

/** Kills a follower and then the leader, under the default lease, and measures both recoveries. */
export function timeKills(onProgress: (text: string) => void): Promise<TimedKill[]> {
  return withServers(3, DEFAULT_LEASE_SETTINGS, async (servers, view) => {
    onProgress('killing a follower under the default lease: this takes about a minute');
    const follower = await serverThatLeads(servers, view, false);
    const first = await timeKill(follower, view, false);
    await follower.start();
    onProgress('killing the leader');
    return [first, await timeKill(await serverThatLeads(servers, view, true), view, true)];
  });
}

async function serverThatLeads(
  servers: Servers,
  view: AwsView,
  leads: boolean,
): Promise<ChaosServer> {
  return until(async () => {
    const leader = await view.leader();
    for (const server of leader === undefined ? [] : servers) {
      const instance = (await server.stats())?.instance;
      if (instance !== undefined && (instance === leader) === leads) return server;
    }
    return undefined;
  });
}

async function timeKill(server: ChaosServer, view: AwsView, led: boolean): Promise<TimedKill> {
  const { url } = server;
  const instance = (await server.stats())?.instance ?? '';
  const clients = Array.from({ length: TASKS }, () => new ChaosClient(() => url, 10_000, 100));
  for (const client of clients) void client.follow();
  const ids = await until(async () => {
    const known = clients.map(({ taskId }) => taskId);
    return known.every((id) => id !== '') ? known : undefined;
  });
  const killedAt = Date.now();
  server.kill('SIGKILL');
  await server.gone();
  const ends = await Promise.all(ids.map((id) => until(async () => endOf(await view.log(id)))));
  const endedAt = Math.max(...ends);
  await until(async () => {
    const left = [...(await view.reach()), ...(await view.rows())];
    return left.some((name) => name.includes(instance)) ? undefined : true;
  });
  return { led, endedMs: endedAt - killedAt, cleanedMs: Date.now() - endedAt };
}

/** Returns when the record that ends the task was written. All processes share one machine's clock. */
function endOf(log: readonly LogRecord[]): number | undefined {
  return log.find(({ entries }) =>
    entries.some((entry) => entry.kind === 'event' && isTerminal(eventStatus(entry.event)?.state)),
  )?.time;
}

/** Like `eventually`, but asks less often, because the questions would delay what is measured. */
async function until<T>(find: () => Promise<T | undefined>): Promise<T> {
  for (const end = Date.now() + LIMIT_MS; Date.now() < end; ) {
    const found = await find();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`Not within ${LIMIT_MS} ms.`);
}
