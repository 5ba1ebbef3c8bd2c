import { systemClock } from '@a2a-aws/core';
import { sleep } from '@a2a-aws/core/internal';
import type { LocalAws } from '@a2a-aws/local';
import { Task } from '@a2a-js/sdk';
import { REPORT } from '../agent/asking-agent.ts';
import { ConversationClient } from '../agent/conversation-client.ts';
import {
  ConversationWriter,
  type Stored,
  WrittenConversation,
} from '../agent/written-conversation.ts';
import type { Stalls } from '../meter/stall-meter.ts';
import { monotonicMs } from '../monotonic-time.ts';
import type { ConversationServer } from '../process/conversation-server.ts';
import { ProcessLink, type Remote } from '../process/process-link.ts';
import { median } from '../quantile.ts';
import type { Row } from '../row.ts';
import { TARGETS } from '../targets.ts';

const COUNTS = [1_000, 4_000, 16_000] as const;
const MOST = 16_000;
const GROUP = 'A long conversation over HTTP+JSON, on the embedded DynamoDB';
const PREFIX = 'conversation';
/** The number of measurements whose median is the figure. */
const TIMES = 3;
const IDLE_MS = 3_000;
/**
 * The time that a follower receives a report before it is measured, and the time of the measurement
 * without other work, in milliseconds.
 */
const FOLLOW_MS = 1_000;

interface Measured extends Stalls {
  readonly milliseconds: number;
}

/** Measures the cost of reading, continuing and following a task with very many messages. */
export async function conversation(aws: LocalAws): Promise<Row[]> {
  const links = [1, 2].map(
    () => new ProcessLink<ConversationServer>('./conversation-process.ts', aws.env),
  );
  const [one, other] = links.map(({ remote }) => remote);
  if (!one || !other) throw new Error('Two processes were started.');
  try {
    return await rows(aws, one, other);
  } finally {
    await Promise.all(links.map((link) => link.close()));
  }
}

async function rows(
  aws: LocalAws,
  one: Remote<ConversationServer>,
  other: Remote<ConversationServer>,
): Promise<Row[]> {
  const client = new ConversationClient(await one.serve(PREFIX));
  const follower = new ConversationClient(await other.serve(PREFIX));
  const writer = new ConversationWriter(aws, PREFIX);
  const reads: Read[] = [];
  const unsaved: Measured[] = [];
  for (const messages of COUNTS) {
    const id = `task-${messages}`;
    // All clients without authentication share this owner.
    const key = { tenant: '', owner: 'unknown', taskId: id };
    const written = new WrittenConversation(writer, key, messages);
    await written.write();
    // The first reads compile code that the later ones run.
    if (reads.length === 0) await often(one, () => client.getTask(id, messages));
    if (messages === MOST) unsaved.push(await often(one, () => client.getTask(id, messages)));
    const stored = await written.writeSnapshot();
    reads.push({
      messages,
      stored,
      read: await often(one, () => client.getTask(id, messages)),
    });
  }
  writer.close();
  const id = `task-${MOST}`;
  const last = await often(one, () => client.getLast(id));
  const send = await measured(one, () => client.send(id, 'Go on.'));
  const rendering = renderingMs(await client.getTask(id, MOST, 1));
  const following = await followed(client, follower, other, id);
  const idle = await measured(one, () => sleep(systemClock, IDLE_MS));
  await Promise.all([one.stop(), other.stop()]);
  const target = TARGETS.conversationMs;
  return [
    ...reads.flatMap(({ messages, stored, read }) =>
      readRows(`GetTask after ${count(messages)}: ${storedText(stored)}`, read, {
        target: messages === MOST ? target : undefined,
      }),
    ),
    ...reads.slice(1).map((read, at) => growthRow(reads[at], read)),
    ...readRows('GetTask after 16,000 messages, answered with the last 10', last, { target }),
    ...unsaved.flatMap((read) =>
      readRows('GetTask after 16,000 messages, had nobody stored a snapshot', read, {}),
    ),
    ...readRows('a follow-up after 16,000 messages', send, {}),
    ...readRows(
      'following that task by doorbells, 100 events a second, for a second',
      following.alone,
      {},
    ),
    ...readRows('GetTask meanwhile', following.read, { target }),
    ...readRows('GetTask meanwhile, answered with the last 10', following.last, { target }),
    {
      group: GROUP,
      label: 'to compare: the SDK renders an answer of 32,000 messages in one go',
      value: rendering,
      unit: 'ms',
    },
    {
      group: GROUP,
      label: 'to compare: the longest that the event loop of an idle instance stood still',
      value: idle.longest,
      unit: 'ms',
    },
  ];
}

/** Measures the cost for an instance of reading a task while it receives the task's events. */
async function followed(
  client: ConversationClient,
  follower: ConversationClient,
  process: Remote<ConversationServer>,
  id: string,
): Promise<{ alone: Measured; read: Measured; last: Measured }> {
  await client.send(id, REPORT, { returnImmediately: true });
  const leave = await follower.subscribe(id);
  await sleep(systemClock, FOLLOW_MS);
  const alone = await measured(process, () => sleep(systemClock, FOLLOW_MS));
  const read = await often(process, () => follower.getTask(id, MOST, 2));
  const last = await often(process, () => follower.getLast(id));
  if (leave() === 0) throw new Error('The follower has heard of no event.');
  return { alone, read, last };
}

async function measured(
  process: Remote<ConversationServer>,
  work: () => Promise<unknown>,
): Promise<Measured> {
  await process.watch();
  const began = monotonicMs();
  await work();
  const milliseconds = monotonicMs() - began;
  return { milliseconds, ...(await process.stalls()) };
}

async function often(
  process: Remote<ConversationServer>,
  work: () => Promise<unknown>,
): Promise<Measured> {
  const all: Measured[] = [];
  for (let n = 0; n < TIMES; n += 1) all.push(await measured(process, work));
  const of = (name: keyof Measured) => median(all.map((one) => one[name]));
  return {
    milliseconds: of('milliseconds'),
    longest: of('longest'),
    busiest: of('busiest'),
    cpu: of('cpu'),
  };
}

/** Returns the milliseconds that the SDK's router needs to convert an answer to JSON. */
function renderingMs(json: unknown): number {
  const task = Task.fromJSON(json);
  return median(
    Array.from({ length: TIMES }, () => {
      const began = monotonicMs();
      JSON.stringify(Task.toJSON(task));
      return monotonicMs() - began;
    }),
  );
}

function readRows(label: string, measured: Measured, { target }: Pick<Row, 'target'>): Row[] {
  const { milliseconds, longest, busiest, cpu } = measured;
  const stall = TARGETS.conversationStallMs;
  const detail = { group: GROUP, unit: 'ms', detail: true };
  return [
    { group: GROUP, label, value: milliseconds, unit: 'ms', target },
    { ...detail, label: 'processor time of the instance', value: cpu },
    {
      ...detail,
      label: 'the longest that its event loop stood still',
      value: longest,
      target: stall,
    },
    { ...detail, label: 'its most processor time between two turns', value: busiest },
  ];
}

interface Read {
  readonly messages: number;
  readonly stored: Stored;
  readonly read: Measured;
}

/** Returns the growth per doubling of the messages; 2 is linear. */
function growthRow(from: Read | undefined, to: Read): Row {
  if (!from) throw new Error('There is no smaller conversation.');
  const doublings = Math.log2(to.messages / from.messages);
  return {
    group: GROUP,
    label: `time for each doubling, ${count(from.messages)} to ${count(to.messages)}`,
    value: (to.read.milliseconds / from.read.milliseconds) ** (1 / doublings),
    unit: '×',
    target: TARGETS.conversationGrowth,
  };
}

function storedText({ snapshot, tail }: Stored): string {
  const kilobytes = Math.round(snapshot / 1024).toLocaleString('en-US');
  return `a snapshot of ${kilobytes} KB and ${tail.toLocaleString('en-US')} records`;
}

function count(messages: number): string {
  return `${messages.toLocaleString('en-US')} messages`;
}
