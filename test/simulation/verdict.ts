import { isInterrupted, slotText } from '@a2a-aws/core';
import { TaskState } from '@a2a-js/sdk';
import type { Fleet, FleetTable } from './fleet.ts';
import { PREFIX } from './server.ts';
import type { SimulatedClient } from './simulated-client.ts';
import type { TaskTruth, Violate } from './task-truth.ts';

/** Judges what is left when a schedule has come to its end. */
export async function judge(
  fleet: Fleet,
  clients: readonly SimulatedClient[],
  violate: Violate,
): Promise<void> {
  const wanted = new Set<string>();
  for (const table of fleet.tables) {
    const items = [...fleet.aws.dynamodb.items(table.name)];
    for (const truth of table.watch.tasks.values()) judgeTask(truth, items, violate);
    judgeRows(table, items, violate);
    for (const queue of judgeServers(table, items, violate)) wanted.add(queue);
  }
  for (const client of clients) judgeClient(client, violate);
  judgeExecutions(fleet, violate);
  judgeRetries(fleet, violate);
  judgeReach(fleet, wanted, violate);
}

type Item = Record<string, unknown>;

/** No log is left on which nobody works but which looks so; its head says what it says. */
function judgeTask(truth: TaskTruth, items: readonly Item[], violate: Violate): void {
  const { name, state } = truth;
  if (truth.openRuns.length > 0) violate('I6', `${name}: a run is open for ever`);
  if (!truth.sealed && (truth.cancelRequested || !rests(truth))) {
    violate(
      'I6',
      `${name}: is left as ${TaskState[state ?? 0]}, canceled: ${truth.cancelRequested}`,
    );
  }
  for (const run of truth.runs.values()) {
    if (
      run.lost &&
      run.resumedBy === undefined &&
      !truth.sealed &&
      run.startedAt >= truth.stateAt
    ) {
      violate('I6', `${name}: a lost run was forgotten`);
    }
  }
  const head = items.find(({ pk, sk }) => pk === name && sk === 'task');
  if (!truth.hasTask) {
    if (head) violate('head', `${name}: has a head, but no task`);
    return;
  }
  const slot = truth.records[truth.stateAt]?.slot;
  const isRight = head?.state === state && slot && head?.slot === slotText(slot);
  if (!isRight) violate('head', `${name}: its head says ${head?.state}, its log ${state}`);
  if (head?.sid !== undefined) judgeSnapshot(name, head, items, violate);
}

/** True for a log that is well without an end: its task waits for its client, or answers were all there was. */
function rests(truth: TaskTruth): boolean {
  if (truth.hasTask) return isInterrupted(truth.state);
  return [...truth.runs.values()].every((run) => truth.answerOf(run) !== undefined);
}

/** All pieces of the snapshot that a head names are there. */
function judgeSnapshot(name: string, head: Item, items: readonly Item[], violate: Violate): void {
  const begin = `snap#${head.sslot}#`;
  const pieces = items.filter(({ pk, sk }) => pk === name && String(sk).startsWith(begin));
  if (pieces.length < Number(head.sn)) violate('I1', `${name}: its snapshot ${begin} is not whole`);
}

function judgeClient(client: SimulatedClient, violate: Violate): void {
  const { name, outcome, truth, accepted } = client;
  if (outcome === 'open' || outcome === 'gave-up') violate('I6', `${name} waits for ever`);
  if (accepted && !truth && outcome === 'done' && client.taskId !== undefined) {
    violate('I2', `${name}: what it was told is in no log`);
  }
}

/** An executor runs once for a message, and is told to stop once. */
function judgeExecutions(fleet: Fleet, violate: Violate): void {
  const seen = new Map<string, number>();
  const alive = new Set(fleet.servers.map(({ process }) => process.name));
  for (const { messageId, taskId, process, stops, done } of fleet.executions) {
    seen.set(messageId, (seen.get(messageId) ?? 0) + 1);
    if (stops > 1) violate('cancel', `${messageId} was told to stop ${stops} times`);
    if (!done && alive.has(process)) violate('I6', `${messageId} of ${taskId} is still executed`);
  }
  const runs = [...fleet.watch.tasks.values()].flatMap((truth) => [...truth.runs.values()]);
  for (const [messageId, executions] of seen) {
    const starts = runs.filter((run) => run.messageId === messageId).length;
    if (executions > starts) violate('retry', `${messageId} was executed without being started`);
  }
}

/** A message is one task's, however often it is sent; a number is many messages. */
function judgeRetries({ watch }: Fleet, violate: Violate): void {
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

/** Nothing of dead instances is left, and nothing of the living that they do not use (I7). */
function judgeRows(table: FleetTable, items: readonly Item[], violate: Violate): void {
  const living = new Set(table.servers.map((server) => server.instance()));
  for (const { pk, sk } of items as { pk: string; sk: string }[]) {
    if (pk === `${PREFIX}#instances` && !living.has(sk))
      violate('I7', `the lease of ${sk} is left`);
    if (pk === `${PREFIX}#retired`) violate('I7', `the retired ${sk} is left`);
    if (pk.startsWith(`${PREFIX}#I#`)) {
      const instance = pk.slice(`${PREFIX}#I#`.length);
      const whose = living.has(instance) ? 'living' : 'dead';
      violate('I7', `a row ${sk} of the ${whose} ${instance} is left`);
    }
    if (pk.startsWith(`${PREFIX}#T#`) && sk.startsWith('watch#')) {
      violate('I7', `${sk} of ${pk} is left`);
    }
  }
}

/** Every server has a living instance; returns the queues of these. */
function judgeServers(
  { servers, watch }: FleetTable,
  items: readonly Item[],
  violate: Violate,
): ReadonlySet<string> {
  const wanted = new Set<string>();
  for (const server of servers) {
    const instance = server.instance();
    if (instance === undefined) violate('I6', `${server.process.name} does not get ready`);
    // Where its lease says that it is heard.
    const lease = items.find(({ pk, sk }) => pk === `${PREFIX}#instances` && sk === instance);
    if (lease) wanted.add(String(lease.queueName));
    if (instance !== undefined && watch.declaredDead.has(instance)) {
      violate('I5', `${instance} was declared dead, and goes on`);
    }
  }
  return wanted;
}

/** Every living instance has its queue and its subscription, and there are no others (I7). */
function judgeReach(fleet: Fleet, wanted: ReadonlySet<string>, violate: Violate): void {
  const queues = new Set(fleet.aws.sqs.queues.keys());
  const subscribed = new Set(
    fleet.aws.sns.subscribedQueues().map((arn) => arn.split(':').at(-1) ?? ''),
  );
  for (const name of wanted) {
    if (!queues.has(name)) violate('I7', `the queue ${name} of a living instance is gone`);
    if (!subscribed.has(name)) violate('I7', `the subscription of ${name} is gone`);
  }
  for (const name of queues) if (!wanted.has(name)) violate('I7', `the queue ${name} is left`);
  for (const name of subscribed) {
    if (!wanted.has(name)) violate('I7', `the subscription of ${name} is left`);
  }
}

/** The processes that live have pushed all that their runs told. */
export function judgePushes({ pushes, servers, watch }: Fleet): void {
  pushes.judgeEnd(watch.tasks.values(), ({ instance }) => {
    const home = watch.home(instance);
    return servers.some(({ process }) => process.name === home) ? home : undefined;
  });
}

/** Whoever is stopped in peace leaves neither queue nor subscription (I7). */
export async function judgeStop(fleet: Fleet, violate: Violate): Promise<void> {
  const servers = fleet.tables.flatMap((table) => table.servers);
  await fleet.clock.run(Promise.all(servers.map((server) => server.stop(1_000))));
  for (const name of fleet.aws.sqs.queues.keys()) violate('I7', `a stop leaves the queue ${name}`);
  for (const arn of fleet.aws.sns.subscribedQueues())
    violate('I7', `a stop leaves ${arn} subscribed`);
}
