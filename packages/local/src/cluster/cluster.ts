import { BackendError, type LeaseSettings } from '@a2a-aws/core';
import { assertOptionNames, type OptionNames } from '@a2a-aws/core/internal';
import { type LocalAws, startLocalAws } from '../aws/local-aws.ts';
import { executorUrl } from './executor-module.ts';
import { startLoadBalancer } from './load-balancer.ts';
import { type ClusterInstance, type ServerProcess, startServer } from './server-process.ts';

export interface ClusterOptions {
  /**
   * The module of the agent: a path, relative to the working directory, or a file URL. Its default
   * export is an `AgentExecutor` of the SDK, or a class of one; each server imports it.
   */
  readonly executor: string | URL;
  /** How many servers, 1 to 26. @default 3 */
  readonly instances?: number | undefined;
  /** The load balancer's port. @default a free one */
  readonly port?: number | undefined;
  /** The AWS that the servers share. @default an AWS of the cluster's own */
  readonly aws?: LocalAws | undefined;
  /** How servers live and die. @default beat 5 s, dead after 20 s */
  readonly lease?: Partial<LeaseSettings> | undefined;
}

const NAMES: OptionNames<ClusterOptions> = {
  executor: true,
  instances: true,
  port: true,
  aws: true,
  lease: true,
};

/** Server processes of one agent, behind a load balancer, on this machine's loopback. */
export interface Cluster {
  /** The load balancer's base URL, where the agent card is found and which it names. */
  readonly url: string;
  readonly instances: readonly ClusterInstance[];
  readonly aws: LocalAws;
  /**
   * Lets the servers drain (10 s at most), then ends everything that the cluster started; an AWS
   * that it was given goes on. Repeated calls share one promise.
   */
  stop(): Promise<void>;
}

/**
 * Starts an agent as it would run in production: several processes that share nothing but AWS.
 * They end when this process ends, of whatever kind its end is.
 *
 * @throws BackendError `configuration` when an option is malformed, the port is taken, or the
 * executor's module is of no use; else the error of a server or of the AWS. Parts that had started
 * are stopped.
 *
 * @example
 * ```ts
 * import { startCluster } from '@a2a-aws/local';
 *
 * const cluster = await startCluster({ executor: './my-agent.js', instances: 2 });
 * console.log(cluster.url);
 * await cluster.stop();
 * ```
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  assertOptionNames('startCluster', options, NAMES);
  const { instances = 3, port = 0, lease = {} } = options;
  if (!Number.isInteger(instances) || instances < 1 || instances > 26) {
    throw new BackendError('configuration', 'A cluster has 1 to 26 instances.');
  }
  const executor = executorUrl(options.executor);
  const servers: ServerProcess[] = [];
  const balancer = await startLoadBalancer(port, () =>
    servers.filter((server) => server.isAlive()).map(({ instance }) => instance.url),
  );
  const parts: (() => Promise<void>)[] = [balancer.close];
  const stop = stopOnce(servers, parts);
  try {
    const aws = options.aws ?? (await startLocalAws());
    if (!options.aws) parts.push(aws.stop);
    const starts = await Promise.allSettled(
      names(instances).map((name) =>
        startServer({ name, publicUrl: balancer.url, executor, lease }, aws.env),
      ),
    );
    servers.push(...starts.flatMap((start) => (start.status === 'fulfilled' ? start.value : [])));
    for (const start of starts) if (start.status === 'rejected') throw start.reason;
    return { url: balancer.url, instances: servers.map(({ instance }) => instance), aws, stop };
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
}

function names(count: number): string[] {
  return Array.from({ length: count }, (_, index) => String.fromCharCode(65 + index));
}

/** The servers, which still need the rest to drain, then the rest in its order. */
function stopOnce(
  servers: readonly ServerProcess[],
  parts: readonly (() => Promise<void>)[],
): () => Promise<void> {
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.stop()));
    for (const part of parts) await part();
  };
  let stopped: Promise<void> | undefined;
  return () => {
    stopped ??= stop();
    return stopped;
  };
}
