import type { Message, Task } from '@a2a-js/sdk';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  type Cluster,
  type ClusterOptions,
  type LocalAws,
  startCluster,
  startLocalAws,
} from '../../src/index.ts';
import { clientAt, clientOf, saying } from '../fixtures/agent-client.ts';
import { descendants, killed, listens, runs, startScript } from '../fixtures/processes.ts';
import { listReach, reachOf } from '../fixtures/reach.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const gone = { timeout: 30_000 };
const module = (name: string) => new URL(`../fixtures/${name}.ts`, import.meta.url);
const none = { queues: [], subscribed: [] };

let aws: LocalAws;
const started: Cluster[] = [];

beforeAll(async () => {
  aws = await startLocalAws();
});

afterEach(async () => {
  await Promise.all(started.splice(0).map((cluster) => cluster.stop()));
});

afterAll(() => aws.stop());

async function start(options: Partial<ClusterOptions> = {}): Promise<Cluster> {
  const executor = module('greeting-agent');
  const cluster = await startCluster({ executor, aws, instances: 2, ...options });
  started.push(cluster);
  return cluster;
}

/** The text of an answer that is a message. */
function said(answer: Message | Task): unknown {
  return 'parts' in answer ? answer.parts[0]?.content?.value : undefined;
}

async function healthyNames(url: string, count: number): Promise<string[]> {
  const names: string[] = [];
  while (names.length < count) {
    const { name } = (await (await fetch(`${url}/health`)).json()) as { name: string };
    names.push(name);
  }
  return names;
}

/** Linux: the processes of servers that this process has started. */
function serverProcesses(): number {
  return descendants(process.pid).filter(({ pid }) => runs(pid)).length;
}

describe('a cluster', () => {
  test('runs a given agent in every process, for both bindings, behind one URL', async () => {
    const cluster = await start();
    const [a, b] = cluster.instances;
    expect([a?.name, b?.name]).toEqual(['A', 'B']);
    expect(await healthyNames(cluster.url, 4)).toEqual(['A', 'B', 'A', 'B']);
    for (const binding of ['JSONRPC', 'HTTP+JSON'] as const) {
      for (const one of cluster.instances) {
        const client = await clientOf(one.url, binding);
        expect(said(await client.sendMessage(saying('Who?')))).toBe(`I am ${one.pid}`);
      }
      const anyone = await clientAt(cluster.url, binding);
      expect(anyone.transport.protocolName).toBe(binding);
      const answer = said(await anyone.sendMessage(saying('Who?')));
      expect(cluster.instances.map(({ pid }) => `I am ${pid}`)).toContain(answer);
    }
  });

  test('names the load balancer in its card', async () => {
    const cluster = await start();
    for (const url of [cluster.url, ...cluster.instances.map((one) => one.url)]) {
      const card = await (await fetch(`${url}/.well-known/agent-card.json`)).json();
      expect(card).toMatchObject({
        supportedInterfaces: [
          { url: `${cluster.url}/a2a/jsonrpc`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
          { url: `${cluster.url}/a2a/rest`, protocolBinding: 'HTTP+JSON', protocolVersion: '1.0' },
        ],
        capabilities: { streaming: true },
      });
    }
  });

  test('stops once, cleanly, and leaves only the AWS that it was given', async () => {
    const cluster = await start();
    expect((await reachOf(2, aws)).queues).toHaveLength(2);
    expect(await cluster.instances[0]?.stats()).toMatchObject({ runs: 0, taps: 0 });
    expect(cluster.stop()).toBe(cluster.stop());
    await cluster.stop();
    expect(await Promise.all(cluster.instances.map((one) => one.exited))).toEqual([0, 0]);
    expect(await listens(cluster.url)).toBe(false);
    expect(await listReach(aws)).toEqual(none);
    await expect(cluster.instances[0]?.stats()).rejects.toMatchObject({ code: 'unreachable' });
  });

  test('continues behind its load balancer when one server is killed', async () => {
    // Leftovers of the killed one must not be in the way of other tests.
    const cluster = await start({ aws: undefined });
    const [a] = cluster.instances;
    a?.kill('SIGKILL');
    expect(await a?.exited).toBe('SIGKILL');
    expect(await healthyNames(cluster.url, 4)).toEqual(['B', 'B', 'B', 'B']);
  });

  test('drains a server on SIGTERM', async () => {
    const cluster = await start();
    const [a] = cluster.instances;
    a?.kill('SIGTERM');
    expect(await a?.exited).toBe(0);
    expect((await reachOf(1, aws)).queues).toHaveLength(1);
  });

  test('has an AWS and a port of its own, and ends them', async () => {
    const { url, aws: own, stop } = await start({ aws: undefined, instances: 1 });
    const endpoint = own.env.AWS_ENDPOINT_URL_SQS;
    expect(endpoint).not.toBe(aws.env.AWS_ENDPOINT_URL_SQS);
    expect(await listens(endpoint)).toBe(true);
    await stop();
    expect([await listens(endpoint), await listens(url)]).toEqual([false, false]);
  });

  test('ends with the process that started it, killed though it be', async () => {
    const parent = await startScript('cluster-process.ts');
    const { url, servers, env } = JSON.parse(parent.line);
    const addresses = [url, servers[0].url, servers[1].url, env.AWS_ENDPOINT_URL_SQS];
    expect(await Promise.all(addresses.map(listens))).toEqual([true, true, true, true]);
    await killed(parent.process);
    await vi.waitFor(async () => {
      expect(await Promise.all(addresses.map(listens))).toEqual([false, false, false, false]);
      if (process.platform === 'linux') {
        expect(servers.filter(({ pid }: { pid: number }) => runs(pid))).toEqual([]);
      }
    }, gone);
  });
});

describe('no cluster starts', () => {
  test.each([
    ['of no instances', { instances: 0 }],
    ['of half an instance', { instances: 0.5 }],
    ['of more than have a letter', { instances: 27 }],
    ['without an executor', { executor: '' }],
    ['with what is no executor', { executor: module('no-agent') }],
    ['with a module that is not there', { executor: module('nonexistent') }],
    ['with a lease that is none', { lease: { beatMs: 0 } }],
  ])('%s', async (_, options) => {
    const before = process.platform === 'linux' ? serverProcesses() : 0;
    await expect(start(options)).rejects.toMatchObject({ code: 'configuration' });
    if (process.platform === 'linux') expect(serverProcesses()).toBe(before);
  });

  test('on a port that is taken', async () => {
    const port = Number(new URL(aws.env.AWS_ENDPOINT_URL_SQS).port);
    await expect(start({ port })).rejects.toMatchObject({ code: 'configuration' });
  });

  test('by halves: a server that had started is stopped when another does not', async () => {
    await expect(start({ executor: module('absent-on-b-agent') })).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining('Server B'),
    });
    expect(await listReach(aws)).toEqual(none);
  });
});
