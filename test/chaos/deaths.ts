import { DEFAULT_LEASE_SETTINGS, eventStatus, isTerminal, type LogRecord } from '@a2a-aws/core';
import type { AwsView } from '../fixtures/aws-view.ts';
import { ChaosClient } from './chaos-client.ts';
import type { ChaosServer } from './chaos-server.ts';
import { type Servers, withServers } from './servers.ts';

export interface Death {
  /** Whether it was the instance that looks for the dead. */
  readonly led: boolean;
  /** From the kill to the last of its tasks being terminal, in milliseconds. */
  readonly endedMs: number;
  /** From then until no queue, subscription or row of it was left, in milliseconds. */
  readonly cleanedMs: number;
}

const TASKS = 5;
const LIMIT_MS = 180_000;
const LOOK_MS = 200;

/** Kills one server that follows and one that leads, under the default lease, and looks on. */
export function deaths(onProgress: (text: string) => void): Promise<Death[]> {
  return withServers(DEFAULT_LEASE_SETTINGS, async (servers, view) => {
    onProgress('killing a follower under the default lease: this takes about a minute');
    const follower = await oneThat(servers, view, false);
    const first = await die(follower, view, false);
    await follower.start();
    onProgress('killing the leader');
    return [first, await die(await oneThat(servers, view, true), view, true)];
  });
}

async function oneThat(servers: Servers, view: AwsView, leads: boolean): Promise<ChaosServer> {
  return until(async () => {
    const leader = await view.leader();
    for (const server of leader === undefined ? [] : servers) {
      const instance = (await server.stats())?.instance;
      if (instance !== undefined && (instance === leader) === leads) return server;
    }
    return undefined;
  });
}

async function die(server: ChaosServer, view: AwsView, led: boolean): Promise<Death> {
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

/** When the record was written that ends the task; all processes are of one machine. */
function endOf(log: readonly LogRecord[]): number | undefined {
  return log.find(({ entries }) =>
    entries.some((entry) => entry.kind === 'event' && isTerminal(eventStatus(entry.event)?.state)),
  )?.time;
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (const end = Date.now() + LIMIT_MS; Date.now() < end; ) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new Error('What was waited for did not come.');
}
