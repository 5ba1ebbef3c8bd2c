import type { LogRecord } from '@a2a-aws/core';
import { eventStatus, isTerminal } from '@a2a-aws/core/internal';
import { SeededRandom } from '@a2a-aws/testkit/fakes';
import { TaskState } from '@a2a-js/sdk';
import type { AwsView } from '../fixtures/aws-view.ts';
import { ChaosClient, cancelTask, type Followed } from './chaos-client.ts';
import type { ChaosServer } from './chaos-server.ts';
import { type SentSignals, sendSignals } from './server-signals.ts';
import { leftovers, withServers } from './servers.ts';

export interface ChaosOptions {
  /** How many signals interrupt servers. */
  readonly signals: number;
  readonly seed: number;
  /** Called with a line about the progress. */
  readonly onProgress?: ((text: string) => void) | undefined;
}

/** The result of a run: everything but the first three must be zero or empty. */
export interface ChaosReport {
  readonly signals: SentSignals;
  readonly tasks: number;
  readonly connections: number;
  /** Chunks that are missing from a task, though a client saw them or the task completed. */
  readonly lost: number;
  readonly duplicated: number;
  /** Tasks that did not end in time: id, state and connections. */
  readonly hung: readonly string[];
  readonly twoTerminalStates: number;
  /** Everything else that a reader must never see. */
  readonly otherFaults: readonly string[];
  /** Queues, subscriptions and rows that belong to no live instance. */
  readonly leaked: readonly string[];
}

/** Short, so that many leases expire, but long enough for a busy machine. */
const CHAOS_LEASE = { beatMs: 250, leaseMs: 1_500, quarantineMs: 1_500 };

const CLIENTS = 12;
const CHUNKS = [5, 60] as const;
const PAUSE_MS = [5, 40] as const;
/** How many of a hundred tasks are cancelled. */
const CANCELS = 15;

/** Has clients follow tasks on servers that are killed, paused and stopped at random moments. */
export async function chaos(options: ChaosOptions): Promise<ChaosReport> {
  const { signals: count, seed, onProgress = () => {} } = options;
  const random = new SeededRandom(seed);
  return withServers(3, CHAOS_LEASE, async (servers, view) => {
    let isOver = false;
    onProgress(`${servers.length} servers, ${CLIENTS} clients, ${count} kills, drains and pauses`);
    const sending = sendSignals(servers, count, random.fork(), onProgress).finally(() => {
      isOver = true;
    });
    const following = Array.from({ length: CLIENTS }, () =>
      followTasks(servers, random.fork(), () => isOver),
    );
    const signals = await sending;
    onProgress('waiting for the last tasks to end');
    const followed = (await Promise.all(following)).flat();
    onProgress('waiting until nothing is left of dead instances');
    const leaked = await leftovers(servers, view);
    return { ...(await checked(followed, view)), signals, leaked };
  });
}

/** Runs one client after another until `isOver` holds. */
async function followTasks(
  servers: readonly ChaosServer[],
  random: SeededRandom,
  isOver: () => boolean,
): Promise<Followed[]> {
  const followed: Followed[] = [];
  const next = (): string => servers[random.whole(0, servers.length - 1)]?.url ?? '';
  while (!isOver()) {
    const client = new ChaosClient(next, random.whole(...CHUNKS), random.whole(...PAUSE_MS));
    const following = client.follow();
    if (random.percent(CANCELS)) {
      await new Promise((resolve) => setTimeout(resolve, random.whole(50, 1_000)));
      if (client.taskId !== '') void cancelTask(next(), client.taskId);
    }
    followed.push(await following);
  }
  return followed;
}

async function checked(
  followed: readonly Followed[],
  view: AwsView,
): Promise<Omit<ChaosReport, 'signals' | 'leaked'>> {
  let lost = 0;
  let duplicated = 0;
  let twoTerminalStates = 0;
  const faults = followed.flatMap((one) => one.faults);
  for (const { taskId, seen } of followed) {
    // No server accepted its message: it hung.
    if (taskId === '') continue;
    const log = await view.log(taskId);
    const { chunks, terminals } = contentOf(log);
    const wanted = chunks.map((_, at) => at);
    if (JSON.stringify(chunks) !== JSON.stringify(wanted)) duplicated += 1;
    lost += Math.max(0, seen - chunks.length);
    if (terminals > 1) twoTerminalStates += 1;
  }
  for (const { state, seen, ordered } of followed) {
    if (state === COMPLETED) lost += ordered - seen;
  }
  const isOther = (fault: string) => fault !== 'two terminal states';
  return {
    tasks: followed.length,
    connections: followed.reduce((sum, one) => sum + one.connections, 0),
    lost,
    duplicated,
    hung: followed
      .filter((one) => one.hung)
      .map((one) => `hung: task ${one.taskId}, state ${one.state}, ${one.connections} connections`),
    twoTerminalStates:
      twoTerminalStates + faults.filter((fault) => fault === 'two terminal states').length,
    otherFaults: faults.filter(isOther),
  };
}

const COMPLETED = TaskState.TASK_STATE_COMPLETED;

/** Returns the chunks of a log, repeated ones included, and how many events end the task. */
function contentOf(log: readonly LogRecord[]): { chunks: number[]; terminals: number } {
  const chunks: number[] = [];
  let terminals = 0;
  for (const entry of log.flatMap(({ entries }) => entries)) {
    if (entry.kind !== 'event') continue;
    const { event } = entry;
    if (isTerminal(eventStatus(event)?.state)) terminals += 1;
    if (event.kind !== 'artifactUpdate') continue;
    for (const { content } of event.data.artifact?.parts ?? []) {
      if (content?.$case === 'text') chunks.push(Number(content.value));
    }
  }
  return { chunks, terminals };
}
