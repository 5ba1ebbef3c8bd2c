import { randomUUID } from 'node:crypto';
import { sleep, systemClock, within } from '@a2a-aws/core';
import type { LocalAws } from '@a2a-aws/local';
import { monotonicMs } from '../monotonic-time.ts';
import type { ConversationServer } from '../process/conversation-server.ts';
import { ProcessLink } from '../process/process-link.ts';
import type { Row } from '../row.ts';
import { TARGETS } from '../targets.ts';

const COUNTS = [1_000, 4_000, 16_000] as const;
const GROUP =
  'A long conversation over HTTP+JSON, three records and an answer each, on the embedded DynamoDB';
const LIMIT_MS = 300_000;
/** Longer than it takes to store a snapshot. */
const SNAPSHOT_MS = 10_000;

interface Measured {
  readonly messages: number;
  readonly milliseconds: number;
  readonly longestStall: number;
  /** The most processor time between two turns of the event loop, in milliseconds. */
  readonly busiest: number;
  /** Of the instance's processor time, in milliseconds. */
  readonly cpu: number;
}

/** What it takes to read and to continue a task of very many messages. */
export async function conversation(aws: LocalAws): Promise<Row[]> {
  const link = new ProcessLink<ConversationServer>('./conversation-process.ts', aws.env);
  try {
    const url = await link.remote.serve();
    const reads: Measured[] = [];
    for (const messages of COUNTS) {
      const taskId = `task-${messages}`;
      await link.remote.write(aws.tableName, taskId, messages);
      // The first read compiles what the others run.
      if (messages === COUNTS[0]) await getTask(url, taskId, messages);
      reads.push(await measured(link, messages, () => getTask(url, taskId, messages)));
    }
    const most = COUNTS[2];
    const id = `task-${most}`;
    const send = await measured(link, most, () => sendMessage(url, id));
    // The instance that appends stores the snapshot once it has answered.
    await sleep(systemClock, SNAPSHOT_MS);
    const whole = await measured(link, most, () => getTask(url, id, most, '', 1));
    const list = await measured(link, most, () => getTask(url, id, most, '?historyLength=10'));
    await link.remote.stop();
    return [
      ...reads.flatMap((read) => readRows(read)),
      ...reads.slice(1).map((read, at) => growthRow(reads[at], read)),
      {
        group: GROUP,
        label: `a follow-up after ${count(most)}`,
        value: send.milliseconds,
        unit: 'ms',
      },
      ...stallRows(send),
      ...readRows(whole, `GetTask after ${count(most)}, from a snapshot`),
      {
        group: GROUP,
        label: `GetTask of the last 10 messages after ${count(most)}, from a snapshot`,
        value: list.milliseconds,
        unit: 'ms',
      },
      ...stallRows(list),
    ];
  } finally {
    await link.close();
  }
}

async function measured(
  link: ProcessLink<ConversationServer>,
  messages: number,
  work: () => Promise<void>,
): Promise<Measured> {
  await link.remote.watch();
  const began = monotonicMs();
  await within(systemClock, LIMIT_MS, work());
  const milliseconds = monotonicMs() - began;
  const { longest, busiest, cpu } = await link.remote.stalls();
  return { messages, milliseconds, longestStall: longest, busiest, cpu };
}

async function getTask(
  url: string,
  id: string,
  messages: number,
  query = '',
  more = 0,
): Promise<void> {
  const answer = await fetch(`${url}/tasks/${id}${query}`, {
    headers: { 'a2a-version': '1.0' },
  });
  const task = (await answer.json()) as { history?: readonly unknown[] };
  // The message of the first status stands in the Task's status alone.
  const expected = query === '' ? 2 * messages - 1 + more : 10;
  if (task.history?.length !== expected) {
    throw new Error(
      `GetTask gave ${task.history?.length} of ${expected} messages (${answer.status}).`,
    );
  }
}

async function sendMessage(url: string, taskId: string): Promise<void> {
  const message = {
    messageId: randomUUID(),
    role: 'ROLE_USER',
    taskId,
    parts: [{ text: 'Go on.' }],
  };
  const answer = await fetch(`${url}/message:send`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'a2a-version': '1.0' },
    body: JSON.stringify({ message, configuration: { historyLength: 10 } }),
  });
  if (!answer.ok) throw new Error(`The message was answered with ${answer.status}.`);
  await answer.arrayBuffer();
}

function readRows(read: Measured, label = `GetTask after ${count(read.messages)}`): Row[] {
  const { messages, milliseconds, cpu } = read;
  const target = messages === COUNTS[2] ? TARGETS.conversationMs : undefined;
  return [
    { group: GROUP, label, value: milliseconds, unit: 'ms', target },
    { group: GROUP, label: 'the same: processor time of the instance', value: cpu, unit: 'ms' },
    ...stallRows(read),
  ];
}

/** On a machine that does other work, the second tells how much of the first is this process. */
function stallRows({ longestStall, busiest }: Measured): Row[] {
  const target = TARGETS.conversationStallMs;
  return [
    {
      group: GROUP,
      label: 'the same: the longest that the event loop stood still',
      value: longestStall,
      unit: 'ms',
      target,
    },
    {
      group: GROUP,
      label: 'the same: the most processor time between two turns of it',
      value: busiest,
      unit: 'ms',
    },
  ];
}

/** Per doubling: 2 is linear. */
function growthRow(from: Measured | undefined, to: Measured): Row {
  const doublings = Math.log2(to.messages / (from?.messages ?? 1));
  return {
    group: GROUP,
    label: `time for each doubling, ${count(from?.messages ?? 0)} to ${count(to.messages)}`,
    value: (to.milliseconds / (from?.milliseconds ?? 1)) ** (1 / doublings),
    unit: '×',
    target: TARGETS.conversationGrowth,
  };
}

function count(messages: number): string {
  return `${messages.toLocaleString('en-US')} messages`;
}
