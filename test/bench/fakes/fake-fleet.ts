import { type Clock, type LeaseSettings, systemClock } from '@a2a-aws/core';
import { DynamoDBLogStorage } from '@a2a-aws/dynamodb';
import { type FakeAws, type FaultPlan, seededEntropy } from '@a2a-aws/testkit/fakes';
import type { A2ARequestHandler, AgentExecutor } from '@a2a-js/sdk/server';
import type { Backend } from 'a2a-aws';
import { backendOf } from '../../../packages/a2a-aws/src/create-backend.ts';
import type { PushOptions } from '../../../packages/a2a-aws/src/pushes/push-settings.ts';
import { agentCard } from '../../fixtures/agent-card.ts';
import { FakeDeployment } from '../../fixtures/fake-deployment.ts';
import { callContext, send } from '../../fixtures/requests.ts';

/** The table of every fleet; each fleet has its own fake AWS. */
export const BENCH_TABLE = 'bench';
const ID_LENGTH = 16;
/** The number of instances on one topic, whose limit is 200 filter policies. */
const TOPIC_SIZE = 150;

export interface FakeFleetOptions {
  /** @default the clock of this machine */
  readonly clock?: Clock | undefined;
  /** @default every call is answered at once */
  readonly faults?: FaultPlan | undefined;
  /** Deflates records where that saves write units. @default true */
  readonly compress?: boolean | undefined;
  readonly lease?: LeaseSettings | undefined;
  /** @default that of a backend */
  readonly maxRecordDelayMs?: number | undefined;
  /** @default that of a backend */
  readonly push?: PushOptions | undefined;
  /** @default `sns` */
  readonly fanout?: 'sns' | 'direct' | undefined;
  /** The expected number of instances, which get as many topics as they need. @default few */
  readonly size?: number | undefined;
}

export interface FakeMember {
  readonly backend: Backend;
  readonly handler: A2ARequestHandler;
}

/** A fleet on a fake AWS in this process, which counts every call. */
export class FakeFleet {
  readonly #deployment: FakeDeployment<Clock>;
  readonly #options: FakeFleetOptions;
  readonly #backends: Backend[] = [];

  constructor(options: FakeFleetOptions = {}) {
    const { clock = systemClock, faults, size = 1 } = options;
    const topics = Array.from({ length: Math.ceil(size / TOPIC_SIZE) }, (_, at) => `bench-${at}`);
    this.#deployment = new FakeDeployment(BENCH_TABLE, { clock, faults, topics });
    this.#options = options;
  }

  get aws(): FakeAws {
    return this.#deployment.aws;
  }

  async join(name: string, executor: AgentExecutor): Promise<FakeMember> {
    const { compress, fanout = 'sns', lease, maxRecordDelayMs, push } = this.#options;
    const clients = this.aws.clients(name);
    const { topicArn, ...options } = this.#deployment.options({ clients });
    const table = { client: clients.dynamodb, tableName: BENCH_TABLE, prefix: 'a2a' };
    const backend = backendOf(
      {
        ...options,
        ...(fanout === 'sns' ? { topicArn } : {}),
        fanout,
        lease,
        maxRecordDelayMs,
        push,
        instanceId: name,
        entropy: { ...seededEntropy(name), id: idsOf(name) },
        ownerResolver: () => 'bench',
        overload: { maxLagMs: 60_000, maxBusyShare: 2, maxRuns: 100_000, maxWaitMs: 60_000 },
      },
      {
        storage: new DynamoDBLogStorage({ ...table, compress }),
        // Agents without push configs do not look for any in the table.
        pushNotificationStore: undefined,
      },
    );
    this.#backends.push(backend);
    await backend.start();
    return { backend, handler: backend.requestHandler(agentCard('http://127.0.0.1'), executor) };
  }

  async stop(): Promise<void> {
    await Promise.all(this.#backends.map((backend) => backend.stop({ drainMs: 1_000 })));
  }
}

/**
 * Returns a function that returns consecutive ids of the usual length. An instance's topic is read
 * from its id.
 */
function idsOf(name: string): () => string {
  let count = 0;
  return () => `${name}-${count++}`.padEnd(ID_LENGTH, '_');
}

/** Starts a task. Resolves with its id once the task exists. */
export async function beginTask(handler: A2ARequestHandler): Promise<string> {
  const answer = await handler.sendMessage(
    send('Begin.', { returnImmediately: true }),
    callContext(),
  );
  if (!('id' in answer)) throw new Error('The agent answered without a task.');
  return answer.id;
}
