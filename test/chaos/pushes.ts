import { randomUUID } from 'node:crypto';
import type { LogRecord } from '@a2a-aws/core';
import { eventStatus, eventToJson, isTerminal } from '@a2a-aws/core/internal';
import { SeededRandom } from '@a2a-aws/testkit/fakes';
import type { Task } from '@a2a-js/sdk';
import type { AwsView } from '../fixtures/aws-view.ts';
import { clusterClient } from '../fixtures/clients.ts';
import { pause } from '../fixtures/eventually.ts';
import { send } from '../fixtures/requests.ts';
import { type AcceptedPush, eventText, type PushedJson, PushReceiver } from './push-receiver.ts';
import { type Servers, withServers } from './servers.ts';

export interface PushesOptions {
  /** How many servers are killed, one after another. */
  readonly kills: number;
  readonly servers: number;
  /** Tasks that run at the same time. */
  readonly open: number;
  /** The number of chunks of each task. */
  readonly chunks: number;
  readonly seed: number;
  /** Called with a line about the progress. */
  readonly onProgress?: ((text: string) => void) | undefined;
}

/** The result of a run: all but `tasks`, `events` and `repeated` must be zero or empty. */
export interface PushesReport {
  readonly tasks: number;
  /** Events that receivers have accepted, without repeats. */
  readonly events: number;
  /** Events that receivers have accepted again, apart from those whose answer they lost themselves. */
  readonly repeated: number;
  /** Events of the logs that a receiver did not get. */
  readonly missing: number;
  /** Events that came before an earlier one. */
  readonly disordered: number;
  /** Events that came with two ids, and ids that came with two events. */
  readonly otherIds: number;
  /** Tasks whose end came more than 30 s after the last server was back. */
  readonly late: number;
  readonly failed: readonly string[];
}

/** Short, so that leases expire, but long enough for a busy machine. */
const LEASE = { beatMs: 250, leaseMs: 3_000, quarantineMs: 1_500 };
/** Every event must have been delivered this long after the last server was back, in milliseconds. */
const RECOVERY_MS = 30_000;
/** The text of an event that ends its task. */
const ENDS = /COMPLETED|FAILED|CANCELED|REJECTED/;
/**
 * The pause between two kills, in milliseconds. A kill repeats the events of some 50 ms of each task of its
 * server, so kills that follow faster repeat a larger share.
 */
const GAP_MS = [50, 4_500] as const;

/**
 * Kills servers while they push the events of tasks to receivers that fail, are slow or hang.
 * Compares what each receiver has accepted with the log.
 */
export async function pushes(options: PushesOptions): Promise<PushesReport> {
  const { onProgress = () => {}, kills, open, chunks } = options;
  const random = new SeededRandom(options.seed);
  return withServers(options.servers, LEASE, async (servers, view) => {
    const receiver = await PushReceiver.start(random.fork());
    let isDisturbed = true;
    const killing = killAll(servers, kills, random.fork(), onProgress).finally(() => {
      isDisturbed = false;
    });
    const tasks: string[] = [];
    const failed: string[] = [];
    const workers = Array.from({ length: open }, async () => {
      while (isDisturbed) {
        const name = randomUUID();
        try {
          tasks.push(await sent(servers, name, chunks, receiver.url(name)));
          await ended(view, tasks.at(-1) ?? '');
          // A log grows faster than receivers that fail can take its events.
          while (isDisturbed && !hasEnd(receiver.accepted(name))) await pause(100);
        } catch (error) {
          failed.push(String(error));
        }
      }
    });
    await Promise.all([...workers, killing]);
    receiver.isDisturbed = false;
    onProgress(`${tasks.length} tasks`);
    const backAtMs = performance.now();
    const report = await compared(tasks, receiver, view, backAtMs);
    await receiver.stop();
    const repeated = Math.max(0, report.repeated - receiver.lostAnswers);
    return { tasks: tasks.length, failed, ...report, repeated };
  });
}

async function killAll(
  servers: Servers,
  kills: number,
  random: SeededRandom,
  onProgress: (text: string) => void,
): Promise<void> {
  for (let n = 1; n <= kills; n += 1) {
    await pause(random.whole(...GAP_MS));
    const server = random.pick(servers);
    server.kill('SIGKILL');
    await server.gone();
    await server.start();
    if (n % 20 === 0) onProgress(`${n} of ${kills} kills`);
  }
}

/** Sends the message until a server takes it. Resolves with the id of the task, which names its receiver. */
async function sent(servers: Servers, name: string, chunks: number, url: string): Promise<string> {
  const request = send(`${chunks} chunks, 20 ms apart, 4 at a time`, {
    messageId: name,
    returnImmediately: true,
    pushUrl: url,
  });
  for (let at = 0; ; at += 1) {
    try {
      const server = servers[at % servers.length];
      const client = await clusterClient(`${server?.url}`);
      const task = (await client.sendMessage(request)) as Task;
      return `${task.id} ${name}`;
    } catch (error) {
      if (at > 300) throw error;
      await pause(100);
    }
  }
}

async function ended(view: AwsView, task: string): Promise<void> {
  while (!isSealed(await view.log(task.split(' ')[0] ?? ''))) await pause(200);
}

function isSealed(records: readonly LogRecord[]): boolean {
  return records.some(({ entries }) =>
    entries.some((entry) => entry.kind === 'event' && isTerminal(eventStatus(entry.event)?.state)),
  );
}

function hasEnd(accepted: readonly AcceptedPush[]): boolean {
  return accepted.some(({ event }) => ENDS.test(event));
}

async function compared(
  tasks: readonly string[],
  receiver: PushReceiver,
  view: AwsView,
  backAtMs: number,
): Promise<Omit<PushesReport, 'tasks' | 'failed'>> {
  const sums = { events: 0, repeated: 0, missing: 0, disordered: 0, otherIds: 0, late: 0 };
  for (const task of tasks) {
    const [id = '', name = ''] = task.split(' ');
    const expected = textsOf(await view.log(id));
    const isDone = (): boolean =>
      expected.every((text) => receiver.accepted(name).some(({ event }) => event === text));
    while (!isDone() && performance.now() < backAtMs + RECOVERY_MS) await pause(100);
    const accepted = receiver.accepted(name);
    const first = firsts(accepted);
    sums.events += first.length;
    sums.repeated += accepted.length - first.length;
    sums.missing += expected.filter((text) => !first.some(({ event }) => event === text)).length;
    sums.disordered += first.filter(({ event }, at) => event !== expected[at]).length;
    sums.otherIds += otherIds(accepted);
    if ((first.at(-1)?.atMs ?? 0) > backAtMs + RECOVERY_MS) sums.late += 1;
  }
  return sums;
}

/** Returns the events without repeats. */
function firsts(accepted: readonly AcceptedPush[]): AcceptedPush[] {
  const seen = new Set<string>();
  return accepted.filter(({ id }) => !seen.has(id) && seen.add(id).has(id));
}

function otherIds(accepted: readonly AcceptedPush[]): number {
  const pairs = new Set(accepted.map(({ id, event }) => `${id} ${event}`));
  const ids = new Set(accepted.map(({ id }) => id));
  const events = new Set(accepted.map(({ event }) => event));
  return 2 * pairs.size - ids.size - events.size;
}

function textsOf(records: readonly LogRecord[]): string[] {
  return records.flatMap(({ entries }) =>
    entries.flatMap((entry) =>
      entry.kind === 'event' ? eventText(eventToJson(entry.event) as PushedJson) : [],
    ),
  );
}
