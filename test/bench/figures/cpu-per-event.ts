import { systemClock } from '@a2a-aws/core';
import type { Task } from '@a2a-js/sdk';
import {
  type A2ARequestHandler,
  DefaultRequestHandler,
  type ExecutionEventBus,
  InMemoryTaskStore,
  type ServerCallContext,
} from '@a2a-js/sdk/server';
import { createBackend } from 'a2a-aws';
import { agentCard } from '../../fixtures/agent-card.ts';
import { FakeDeployment } from '../../fixtures/fake-deployment.ts';
import { callContext, send } from '../../fixtures/requests.ts';
import { AppendingAgent, type AppendScript } from '../agent/appending-agent.ts';
import { KILOBYTE } from '../agent/payload.ts';
import { prose } from '../agent/prose.ts';
import { median } from '../quantile.ts';
import type { Row, Target } from '../row.ts';
import { TARGETS } from '../targets.ts';

const CHUNKS = 10_000;
const PART = 1_000;
/**
 * The number of measured chunks with the SDK's store, which is too slow for more. Its long task
 * begins with the other chunks.
 */
const SDK_PART = 100;
const RUNS = 3;

/**
 * Measures the CPU time of an event at a task's beginning and at its end, beside the SDK's own
 * store.
 */
export async function cpuPerEvent(): Promise<Row[]> {
  const texts = Array.from({ length: CHUNKS }, (_, at) => prose(KILOBYTE, at));
  const text = (at: number): string => texts[at] ?? '';
  // Warms up compiled code.
  await cpuMarks(backendRun, { before: 0, chunks: PART, text });
  const ours: Marks[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    ours.push(await cpuMarks(backendRun, { before: 0, chunks: CHUNKS, text }));
  }
  const between = (from: number, to: number): number =>
    median(ours.map((marks) => perEvent(marks, from, to)));
  await cpuMarks(sdkRun, { before: 0, chunks: SDK_PART, text });
  const [short, long] = [
    await cpuMarks(sdkRun, { before: 0, chunks: SDK_PART, text }),
    await cpuMarks(sdkRun, { before: CHUNKS - SDK_PART, chunks: SDK_PART, text }),
  ];
  return [
    ...rows('backend, on AWS in the same process', PART, {
      first: between(0, PART),
      last: between(CHUNKS - PART, CHUNKS),
      target: TARGETS.cpuGrowth,
    }),
    ...rows('the SDK’s handler on its InMemoryTaskStore', SDK_PART, {
      first: perEvent(short, 0, SDK_PART),
      last: perEvent(long, CHUNKS - SDK_PART, CHUNKS),
    }),
  ];
}

interface Parts {
  readonly first: number;
  readonly last: number;
  readonly target?: Target;
}

function rows(who: string, part: number, { first, last, target }: Parts): Row[] {
  const count = (chunks: number): string => chunks.toLocaleString('en-US');
  const group = `CPU of this process for each of ${count(CHUNKS)} chunks of 1 KB of a task, one event a record`;
  return [
    { group, label: `${who}, the first ${count(part)}`, value: first, unit: 'ms' },
    { group, label: `${who}, the last ${count(part)}`, value: last, unit: 'ms' },
    { group, label: `${who}, last ÷ first`, value: last / first, unit: '×', target },
  ];
}

/** The CPU milliseconds of this process before each chunk. */
type Marks = ReadonlyMap<number, number>;
type Script = Pick<AppendScript, 'before' | 'chunks' | 'text'>;
type Play = (script: Omit<AppendScript, 'settled'>) => Promise<void>;

async function cpuMarks(play: Play, script: Script): Promise<Marks> {
  const marks = new Map<number, number>();
  await play({
    ...script,
    mark: (at) => {
      const { user, system } = process.cpuUsage();
      marks.set(at, (user + system) / 1_000);
    },
  });
  return marks;
}

function perEvent(marks: Marks, from: number, to: number): number {
  return ((marks.get(to) ?? 0) - (marks.get(from) ?? 0)) / (to - from);
}

async function backendRun(script: Omit<AppendScript, 'settled'>): Promise<void> {
  const deployment = new FakeDeployment('bench', { clock: systemClock });
  // The agent waits for each event, which must not wait for others.
  const backend = createBackend({ ...deployment.options(), maxRecordDelayMs: 0 });
  await backend.start();
  // The backend's bus calls its listeners for an event once it is durable.
  const settled = (bus: ExecutionEventBus): Promise<void> =>
    new Promise((resolve) => {
      bus.once('event', () => resolve());
    });
  await sendTo(
    backend.requestHandler(
      agentCard('http://127.0.0.1'),
      new AppendingAgent({ ...script, settled }),
    ),
  );
  await backend.stop();
}

async function sdkRun(script: Omit<AppendScript, 'settled'>): Promise<void> {
  const store = new TellingTaskStore();
  const agent = new AppendingAgent({ ...script, settled: () => store.saved() });
  await sendTo(new DefaultRequestHandler(agentCard('http://127.0.0.1'), store, agent));
}

async function sendTo(handler: A2ARequestHandler): Promise<void> {
  await handler.sendMessage(send('Begin.'), callContext());
}

/** A task store that notifies the benchmark of each save. */
class TellingTaskStore extends InMemoryTaskStore {
  #tell = (): void => {};

  saved(): Promise<void> {
    return new Promise((resolve) => {
      this.#tell = resolve;
    });
  }

  override async save(task: Task, context: ServerCallContext): Promise<void> {
    await super.save(task, context);
    this.#tell();
  }
}
