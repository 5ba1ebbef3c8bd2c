import { type Interruption, resumable } from '@a2a-aws/client';
import type { LogRecord } from '@a2a-aws/core';
import { eventStatus } from '@a2a-aws/core/internal';
import { SeededRandom } from '@a2a-aws/testkit/fakes';
import type { StreamResponse, TaskState } from '@a2a-js/sdk';
import { ROUTERS, type Router } from '../fixtures/a2a-node.ts';
import type { AwsView } from '../fixtures/aws-view.ts';
import { clusterClient } from '../fixtures/clients.ts';
import { afterBytes, CuttingProxy } from '../fixtures/cutting-proxy.ts';
import { send } from '../fixtures/requests.ts';
import { type Servers, withServers } from './servers.ts';

export interface StreamsOptions {
  /** At least this many. */
  readonly streams: number;
  /** How many are open at a time. */
  readonly open: number;
  /** The number of events of each stream's task, without its Task. */
  readonly events: number;
  readonly servers: number;
  /** Interrupts servers meanwhile. New streams begin until it resolves. */
  readonly disturb: Disturbance;
  /** A connection is cut after so many bytes of answers, at random between these. @default never */
  readonly cutBytes?: readonly [least: number, most: number] | undefined;
  readonly seed: number;
  /** Called with a line about the progress. */
  readonly onProgress?: ((text: string) => void) | undefined;
}

/** Interrupts servers, until its promise resolves. */
type Disturbance = (
  servers: Servers,
  random: SeededRandom,
  onProgress: (text: string) => void,
) => Promise<unknown>;

/** The result of a run: `missing`, `repeated`, `other` and `failed` must be zero or empty. */
export interface StreamsReport {
  readonly streams: number;
  /** Events that clients got. */
  readonly events: number;
  /** Connections that the proxy cut. */
  readonly cuts: number;
  /** The times when a client had to connect again. */
  readonly interruptions: number;
  /** Events of the logs that a client did not get. */
  readonly missing: number;
  /** Events that a client got twice, or not in their order. */
  readonly repeated: number;
  /** Clients whose last state is not the state of the log. */
  readonly otherStates: number;
  /** The errors of streams. */
  readonly failed: readonly string[];
}

/** Short, so that leases expire, but long enough for a busy machine. */
const LEASE = { beatMs: 250, leaseMs: 3_000, quarantineMs: 1_500 };
/** How many of a hundred cuts leave the connection open and silent. */
const STALLS = 5;
/** A client without a cursor waits for its first event: a connection stalls only after so many bytes. */
const STALL_BYTES = 3_000;
/** A client takes a connection for dead after this silence, in milliseconds. */
const SILENCE_MS = 2_000;

/** One client's stream, and what it got. */
interface ReadStream {
  readonly taskId: string;
  readonly chunks: readonly number[];
  readonly state: TaskState | undefined;
  readonly error: string | undefined;
}

/**
 * Has clients read streams through a proxy that cuts connections at random bytes, while servers are
 * killed, stopped and replaced. Compares what each client got with the log.
 */
export async function streams(options: StreamsOptions): Promise<StreamsReport> {
  const { onProgress = () => {}, servers: count, cutBytes } = options;
  const random = new SeededRandom(options.seed);
  return withServers(count, LEASE, async (servers, view) => {
    const proxy = await CuttingProxy.start(
      () => urlsOf(servers),
      cutBytes && afterBytes(random, ...cutBytes),
      (bytes) =>
        bytes > STALL_BYTES && random.percent(STALLS) ? 'stall' : random.pick(['reset', 'end']),
    );
    let interruptions = 0;
    const onInterruption = (_: Interruption): void => {
      interruptions += 1;
    };
    onProgress(`${options.streams} streams of ${options.events} events, ${count} servers`);
    let isDisturbed = true;
    const disturbing = options.disturb(servers, random.fork(), onProgress).finally(() => {
      isDisturbed = false;
    });
    const read: ReadStream[] = [];
    let begun = 0;
    const readers = Array.from({ length: options.open }, async () => {
      while (begun < options.streams || isDisturbed) {
        begun += 1;
        const binding = ROUTERS[begun % ROUTERS.length] ?? 'JSONRPC';
        read.push(await readStream(proxy.url, binding, options.events, onInterruption));
        if (read.length % 100 === 0) onProgress(`${read.length} streams, ${proxy.cuts} cuts`);
      }
    });
    await Promise.all(readers);
    await disturbing;
    const compared = await comparison(read, view);
    const { cuts } = proxy;
    await proxy.stop();
    return { streams: read.length, cuts, interruptions, ...compared };
  });
}

function urlsOf(servers: Servers): string[] {
  return servers.map(({ url }) => url).filter((url) => url !== '');
}

async function readStream(
  url: string,
  binding: Router,
  events: number,
  onInterruption: (interruption: Interruption) => void,
): Promise<ReadStream> {
  const client = resumable(await clusterClient(url, binding), {
    backoff: { firstMs: 20, maxMs: 1_000 },
    maxAttempts: 60,
    silenceMs: SILENCE_MS,
    onInterruption,
  });
  let taskId = '';
  let state: TaskState | undefined;
  const chunks: number[] = [];
  try {
    for await (const event of client.sendMessageStream(
      send(`${events} chunks, 20 ms apart, 8 at a time`),
    )) {
      const { payload } = event;
      if (payload?.$case === 'task') taskId = payload.value.id;
      chunks.push(...chunksIn(event));
      const { status } = payload && 'status' in payload.value ? payload.value : {};
      state = status?.state ?? state;
    }
    return { taskId, chunks, state, error: undefined };
  } catch (error) {
    return { taskId, chunks, state, error: String(error) };
  }
}

function chunksIn({ payload }: StreamResponse): number[] {
  const artifacts =
    payload?.$case === 'task'
      ? payload.value.artifacts
      : payload?.$case === 'artifactUpdate' && payload.value.artifact
        ? [payload.value.artifact]
        : [];
  return artifacts.flatMap(({ parts }) =>
    parts.flatMap(({ content }) => (content?.$case === 'text' ? [Number(content.value)] : [])),
  );
}

async function comparison(
  read: readonly ReadStream[],
  view: AwsView,
): Promise<Pick<StreamsReport, 'events' | 'missing' | 'repeated' | 'otherStates' | 'failed'>> {
  let events = 0;
  let missing = 0;
  let repeated = 0;
  let otherStates = 0;
  for (const { taskId, chunks, state } of read) {
    const log = logged(await view.log(taskId));
    events += chunks.length;
    missing += log.chunks.filter((chunk) => !chunks.includes(chunk)).length;
    repeated += chunks.filter((chunk, at) => chunk !== at).length;
    if (state !== log.state) otherStates += 1;
  }
  const failed = read.flatMap(({ error }) => error ?? []);
  return { events, missing, repeated, otherStates, failed };
}

function logged(records: readonly LogRecord[]): {
  readonly chunks: readonly number[];
  readonly state: TaskState | undefined;
} {
  const events = records.flatMap(({ entries }) =>
    entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event] : [])),
  );
  const chunks = events.flatMap((event) =>
    chunksIn({ payload: { $case: event.kind, value: event.data } } as StreamResponse),
  );
  return { chunks, state: events.map((event) => eventStatus(event)?.state).findLast(Boolean) };
}
