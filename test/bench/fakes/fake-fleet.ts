import {
  type Clock,
  DEFAULT_LEASE_SETTINGS,
  DEFAULT_RETENTION_MS,
  type LeaseSettings,
  silentLogger,
  systemClock,
} from '@a2a-aws/core';
import { DEFAULT_MAX_RECORD_DELAY_MS, systemCompression } from '@a2a-aws/core/internal';
import {
  DynamoDBConsumerOffsets,
  DynamoDBInstanceRegistry,
  DynamoDBLogStorage,
  DynamoDBPushLedger,
  tableDefinition,
} from '@a2a-aws/dynamodb';
import { DirectFanout, SnsFanout } from '@a2a-aws/sns-sqs';
import { FakeAws, type FaultPlan, seededEntropy } from '@a2a-aws/testkit/fakes';
import type { A2ARequestHandler, AgentExecutor } from '@a2a-js/sdk/server';
import { Backend } from 'a2a-aws';
import {
  type PushOptions,
  pushSettings,
} from '../../../packages/a2a-aws/src/pushes/push-settings.ts';
import { agentCard } from '../../fixtures/agent-card.ts';
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
  readonly aws: FakeAws;
  readonly #options: FakeFleetOptions;
  readonly #topicArns: readonly string[];
  readonly #backends: Backend[] = [];

  constructor(options: FakeFleetOptions = {}) {
    const { clock, faults, size = 1 } = options;
    this.#options = options;
    this.aws = new FakeAws({ clock, faults, tables: [tableDefinition(BENCH_TABLE)] });
    const topics = Math.ceil(size / TOPIC_SIZE);
    this.#topicArns = Array.from({ length: topics }, (_, at) =>
      this.aws.sns.createTopic(`bench-${at}`),
    );
  }

  async join(name: string, executor: AgentExecutor): Promise<FakeMember> {
    const { clock = systemClock, compress, lease = DEFAULT_LEASE_SETTINGS } = this.#options;
    const { fanout = 'sns' } = this.#options;
    const { dynamodb, ...messaging } = this.aws.clients(name);
    const entropy = { ...seededEntropy(name), id: idsOf(name) };
    const table = { client: dynamodb, tableName: BENCH_TABLE, prefix: 'a2a' };
    const prefix = 'a2a';
    const topicArns = this.#topicArns;
    const messages = { ...messaging, prefix, logger: silentLogger, clock, entropy };
    const backend = new Backend(
      {
        prefix,
        topicArns,
        fanout,
        inlineContent: true,
        tableName: BENCH_TABLE,
        instanceName: name,
        clients: {},
        clientConfig: {},
        logger: silentLogger,
        logErrorMessages: false,
        ownerResolver: () => 'bench',
        lease,
        maxRecordDelayMs: this.#options.maxRecordDelayMs ?? DEFAULT_MAX_RECORD_DELAY_MS,
        cancelDeadlineMs: 10_000,
        retryDetection: 'auto',
        retentionMs: DEFAULT_RETENTION_MS,
        clock,
        entropy,
        compression: systemCompression,
        overload: {
          maxLagMs: 60_000,
          maxBusyShare: 2,
          maxRuns: 100_000,
          maxStarts: 32,
          maxWaitMs: 60_000,
        },
        push: pushSettings(this.#options.push ?? {}),
      },
      {
        storage: new DynamoDBLogStorage({ ...table, compress }),
        registry: new DynamoDBInstanceRegistry(table),
        offsets: new DynamoDBConsumerOffsets(table),
        pushLedger: new DynamoDBPushLedger(table),
        fanout:
          fanout === 'sns'
            ? new SnsFanout({ ...messages, topicArn: topicArns })
            : new DirectFanout(messages),
        clock,
        entropy,
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
