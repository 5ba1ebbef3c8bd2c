import { isInterrupted, slotText } from '@a2a-aws/core/internal';
import { TaskState } from '@a2a-js/sdk';
import type { ExpectedTask, Violate } from './expected-task.ts';
import type { Fleet, FleetTable } from './fleet.ts';
import { PREFIX } from './server.ts';
import type { SimulatedClient } from './simulated-client.ts';

/** Checks the leftovers at the end of a schedule. */
export async function checkEnd(
  fleet: Fleet,
  clients: readonly SimulatedClient[],
  violate: Violate,
): Promise<void> {
  const wanted = new Set<string>();
  for (const table of fleet.tables) {
    const items = [...fleet.aws.dynamodb.items(table.name)];
    for (const expected of table.watch.tasks.values()) checkTask(expected, items, violate);
    checkRows(table, items, violate);
    for (const queue of checkServers(table, items, violate)) wanted.add(queue);
  }
  for (const client of clients) checkClient(client, violate);
  checkExecutions(fleet, violate);
  checkRetries(fleet, violate);
  checkQueues(fleet, wanted, violate);
}

type Item = Record<string, unknown>;

/** Checks that no log looks worked on without a run, and that the head agrees with the log. */
function checkTask(expected: ExpectedTask, items: readonly Item[], violate: Violate): void {
  const { name, state } = expected;
  if (expected.openRuns.length > 0) violate('I6', `${name}: a run is open forever`);
  if (!expected.sealed && (expected.cancelRequested || !mayStayOpen(expected))) {
    violate(
      'I6',
      `${name}: is left as ${TaskState[state ?? 0]}, canceled: ${expected.cancelRequested}`,
    );
  }
  for (const run of expected.runs.values()) {
    if (
      run.lost &&
      run.resumedBy === undefined &&
      !expected.sealed &&
      run.startedAt >= expected.stateAt
    ) {
      violate('I6', `${name}: a lost run was forgotten`);
    }
  }
  const head = items.find(({ pk, sk }) => pk === name && sk === 'task');
  if (!expected.hasTask) {
    if (head) violate('head', `${name}: has a head, but no task`);
    return;
  }
  const slot = expected.records[expected.stateAt]?.slot;
  const isRight = head?.state === state && slot && head?.slot === slotText(slot);
  if (!isRight) violate('head', `${name}: its head says ${head?.state}, its log ${state}`);
  if (head?.sid !== undefined) checkSnapshot(name, head, items, violate);
}

/** Returns whether a log may stay open: its task waits for its client, or all its runs gave answers. */
function mayStayOpen(expected: ExpectedTask): boolean {
  if (expected.hasTask) return isInterrupted(expected.state);
  return [...expected.runs.values()].every((run) => expected.answerOf(run) !== undefined);
}

/** Checks that all pieces of the snapshot that a head names exist. */
function checkSnapshot(name: string, head: Item, items: readonly Item[], violate: Violate): void {
  const begin = `snap#${head.sslot}#`;
  const pieces = items.filter(({ pk, sk }) => pk === name && String(sk).startsWith(begin));
  if (pieces.length < Number(head.sn)) violate('I1', `${name}: its snapshot ${begin} is not whole`);
}

function checkClient(client: SimulatedClient, violate: Violate): void {
  const { name, outcome, expected, accepted } = client;
  if (outcome === 'open' || outcome === 'gave-up') violate('I6', `${name} waits forever`);
  if (accepted && !expected && outcome === 'done' && client.taskId !== undefined) {
    violate('I2', `${name}: its answer is in no log`);
  }
}

/** Checks that an executor runs at most once per start, and is told to stop at most once. */
function checkExecutions(fleet: Fleet, violate: Violate): void {
  const seen = new Map<string, number>();
  const alive = new Set(fleet.servers.map(({ process }) => process.name));
  for (const { messageId, taskId, process, stops, done } of fleet.executions) {
    seen.set(messageId, (seen.get(messageId) ?? 0) + 1);
    if (stops > 1) violate('cancel', `${messageId} was told to stop ${stops} times`);
    if (!done && alive.has(process)) violate('I6', `${messageId} of ${taskId} is still executed`);
  }
  const runs = [...fleet.watch.tasks.values()].flatMap((expected) => [...expected.runs.values()]);
  for (const [messageId, executions] of seen) {
    const starts = runs.filter((run) => run.messageId === messageId).length;
    if (executions > starts) violate('retry', `${messageId} was executed without being started`);
  }
}

/** Checks that a message belongs to one task, however often it is sent. Numbers name many messages. */
function checkRetries({ watch }: Fleet, violate: Violate): void {
  const tasks = new Map<string, string>();
  for (const { name, scope, runs } of watch.tasks.values()) {
    for (const { messageId } of runs.values()) {
      if (messageId === undefined || /^\d+$/.test(messageId)) continue;
      const message = JSON.stringify([scope, messageId]);
      const known = tasks.get(message) ?? name;
      if (known !== name) violate('retry', `${messageId} started ${known} and ${name}`);
      tasks.set(message, known);
    }
  }
}

/** Checks that no row of a dead instance is left, and no unused row of a live one (I7). */
function checkRows(table: FleetTable, items: readonly Item[], violate: Violate): void {
  const live = new Set(table.servers.map((server) => server.instance()));
  for (const { pk, sk } of items as { pk: string; sk: string }[]) {
    if (pk === `${PREFIX}#instances` && !live.has(sk)) violate('I7', `the lease of ${sk} is left`);
    if (pk === `${PREFIX}#retired`) violate('I7', `the retired ${sk} is left`);
    if (pk.startsWith(`${PREFIX}#I#`)) {
      const instance = pk.slice(`${PREFIX}#I#`.length);
      const whose = live.has(instance) ? 'live' : 'dead';
      violate('I7', `a row ${sk} of the ${whose} ${instance} is left`);
    }
    if (pk.startsWith(`${PREFIX}#T#`) && sk.startsWith('watch#')) {
      violate('I7', `${sk} of ${pk} is left`);
    }
  }
}

/** Checks that every server has a live instance, and returns the queues of these instances. */
function checkServers(
  { servers, watch }: FleetTable,
  items: readonly Item[],
  violate: Violate,
): ReadonlySet<string> {
  const wanted = new Set<string>();
  for (const server of servers) {
    const instance = server.instance();
    if (instance === undefined) violate('I6', `${server.process.name} does not get ready`);
    // The queue that its lease names.
    const lease = items.find(({ pk, sk }) => pk === `${PREFIX}#instances` && sk === instance);
    if (lease) wanted.add(String(lease.queueName));
    if (instance !== undefined && watch.declaredDead.has(instance)) {
      violate('I5', `${instance} was declared dead, and continues`);
    }
  }
  return wanted;
}

/** Checks that every live instance has its queue and subscription, and that there are no others (I7). */
function checkQueues(fleet: Fleet, wanted: ReadonlySet<string>, violate: Violate): void {
  const queues = new Set(fleet.aws.sqs.queues.keys());
  const subscribed = new Set(
    fleet.aws.sns.subscribedQueues().map((arn) => arn.split(':').at(-1) ?? ''),
  );
  for (const name of wanted) {
    if (!queues.has(name)) violate('I7', `the queue ${name} of a live instance is gone`);
    if (!subscribed.has(name)) violate('I7', `the subscription of ${name} is gone`);
  }
  for (const name of queues) if (!wanted.has(name)) violate('I7', `the queue ${name} is left`);
  for (const name of subscribed) {
    if (!wanted.has(name)) violate('I7', `the subscription of ${name} is left`);
  }
}

/** Checks that every push configuration has received every event of its task. */
export function checkPushes({ pushes }: Fleet): void {
  pushes.checkEnd();
}

/** Checks that an instance that is stopped properly leaves no queue and no subscription (I7). */
export async function checkStop(fleet: Fleet, violate: Violate): Promise<void> {
  const servers = fleet.tables.flatMap((table) => table.servers);
  await fleet.clock.run(Promise.all(servers.map((server) => server.stop(1_000))));
  for (const name of fleet.aws.sqs.queues.keys()) violate('I7', `a stop leaves the queue ${name}`);
  for (const arn of fleet.aws.sns.subscribedQueues())
    violate('I7', `a stop leaves ${arn} subscribed`);
}
