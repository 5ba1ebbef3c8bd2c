import type { LeaseSettings } from '@a2a-aws/core';
import { startLocalAws } from '@a2a-aws/local';
import { AwsView } from '../fixtures/aws-view.ts';
import { bundles } from './bundles.ts';
import { ChaosServer } from './chaos-server.ts';

export type Servers = readonly [ChaosServer, ...ChaosServer[]];

/** The traces of the last killed server are gone within this time, in milliseconds. */
const CLEAN_LIMIT_MS = 60_000;

/** Runs `work` with this many servers on an AWS of their own. */
export async function withServers<T>(
  count: number,
  lease: LeaseSettings,
  work: (servers: Servers, view: AwsView) => Promise<T>,
): Promise<T> {
  const [aws, programs] = await Promise.all([startLocalAws(), bundles()]);
  // The SDK's owner of requests without authentication.
  const view = new AwsView(aws, { tenant: '', owner: 'unknown' });
  const plan = { bundles: programs, env: aws.env, lease };
  const server = (at: number) => new ChaosServer(String.fromCharCode(65 + at), plan);
  const others = Array.from({ length: count - 1 }, (_, at) => server(at + 1));
  const servers = [server(0), ...others] as const;
  try {
    await Promise.all(servers.map((one) => one.start()));
    return await work(servers, view);
  } finally {
    for (const one of servers) one.kill('SIGKILL');
    await Promise.all(servers.map((one) => one.gone()));
    view.stop();
    await Promise.all([aws.stop(), programs.remove()]);
  }
}

/** Returns what AWS holds that belongs to no live instance, after time for the clean-up. */
export async function leftovers(servers: Servers, view: AwsView): Promise<string[]> {
  const end = Date.now() + CLEAN_LIMIT_MS;
  for (;;) {
    const alive = await Promise.all(servers.map(async (one) => (await one.stats())?.instance));
    const belongs = (name: string): boolean =>
      alive.some((instance) => instance !== undefined && name.includes(instance));
    const all = [...(await view.reach()), ...(await view.rows())];
    const found = all.filter((name) => !belongs(name));
    if (found.length === 0 || Date.now() > end) return found;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
