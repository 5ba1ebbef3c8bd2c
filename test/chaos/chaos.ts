import { eventStatus, isTerminal, type LogRecord } from '@a2a-aws/core';
import { SeededRandom } from '@a2a-aws/testkit/fakes';
import { TaskState } from '@a2a-js/sdk';
import type { AwsView } from '../fixtures/aws-view.ts';
import { ChaosClient, cancelTask, type Told } from './chaos-client.ts';
import type { ChaosServer } from './chaos-server.ts';
import { leftovers, withServers } from './servers.ts';
import { type Blows, storm } from './storm.ts';

export interface ChaosOptions {
  readonly blows: number;
  readonly seed: number;
  /** Called with a line when it has come further. */
  readonly onProgress?: ((text: string) => void) | undefined;
}

/** What came of it: everything but the first three is to be zero. */
export interface ChaosReport {
  readonly blows: Blows;
  readonly tasks: number;
  readonly connections: number;
  /** Chunks that a client saw, or that a completed task should have, and that the task lacks. */
  readonly lost: number;
  readonly duplicated: number;
  /** Tasks that did not end in time: their id, state and connections. */
  readonly hung: readonly string[];
  readonly twoTerminalStates: number;
  /** Whatever else a reader should never see. */
  readonly otherFaults: readonly string[];
  /** Queues, subscriptions and rows that nobody alive has. */
  readonly leaked: readonly string[];
}

/** Short, so that deaths are many; the machine may be busy, so not too short. */
const CHAOS_LEASE = { beatMs: 250, leaseMs: 1_500, quarantineMs: 1_500 };

const CLIENTS = 12;
const CHUNKS = [5, 60] as const;
const PAUSE_MS = [5, 40] as const;
/** Of a hundred tasks, so many are cancelled by somebody. */
const CANCELS = 15;

/** Clients follow tasks on servers that are killed, paused and told to go at random moments. */
export async function chaos(options: ChaosOptions): Promise<ChaosReport> {
  const { blows: count, seed, onProgress = () => {} } = options;
  const random = new SeededRandom(seed);
  return withServers(CHAOS_LEASE, async (servers, view) => {
    let isOver = false;
    onProgress(`${servers.length} servers, ${CLIENTS} clients, ${count} kills, drains and pauses`);
    const raging = storm(servers, count, random.fork(), onProgress).finally(() => {
      isOver = true;
    });
    const following = Array.from({ length: CLIENTS }, () =>
      followTasks(servers, random.fork(), () => isOver),
    );
    const blows = await raging;
    onProgress('waiting for the last tasks to end');
    const told = (await Promise.all(following)).flat();
    onProgress('waiting until nothing is left of the dead');
    const leaked = await leftovers(servers, view);
    return { ...(await verdict(told, view)), blows, leaked };
  });
}

/** One client after another, until it is over. */
async function followTasks(
  servers: readonly ChaosServer[],
  random: SeededRandom,
  isOver: () => boolean,
): Promise<Told[]> {
  const told: Told[] = [];
  const next = (): string => servers[random.whole(0, servers.length - 1)]?.url ?? '';
  while (!isOver()) {
    const client = new ChaosClient(next, random.whole(...CHUNKS), random.whole(...PAUSE_MS));
    const following = client.follow();
    if (random.percent(CANCELS)) {
      await new Promise((resolve) => setTimeout(resolve, random.whole(50, 1_000)));
      if (client.taskId !== '') void cancelTask(next(), client.taskId);
    }
    told.push(await following);
  }
  return told;
}

async function verdict(
  told: readonly Told[],
  view: AwsView,
): Promise<Omit<ChaosReport, 'blows' | 'leaked'>> {
  let lost = 0;
  let duplicated = 0;
  let twoTerminalStates = 0;
  const faults = told.flatMap((one) => one.faults);
  for (const { taskId, seen } of told) {
    // Nobody took its message: it hung.
    if (taskId === '') continue;
    const log = await view.log(taskId);
    const { chunks, terminals } = contentOf(log);
    const wanted = chunks.map((_, at) => at);
    if (JSON.stringify(chunks) !== JSON.stringify(wanted)) duplicated += 1;
    lost += Math.max(0, seen - chunks.length);
    if (terminals > 1) twoTerminalStates += 1;
  }
  for (const { state, seen, ordered } of told) {
    if (state === COMPLETED) lost += ordered - seen;
  }
  const isOther = (fault: string) => fault !== 'two terminal states';
  return {
    tasks: told.length,
    connections: told.reduce((sum, one) => sum + one.connections, 0),
    lost,
    duplicated,
    hung: told
      .filter((one) => one.hung)
      .map((one) => `hung: task ${one.taskId}, state ${one.state}, ${one.connections} connections`),
    twoTerminalStates:
      twoTerminalStates + faults.filter((fault) => fault === 'two terminal states').length,
    otherFaults: faults.filter(isOther),
  };
}

const COMPLETED = TaskState.TASK_STATE_COMPLETED;

/** The chunks of a log, each as often as it is there, and how many events end the task. */
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
