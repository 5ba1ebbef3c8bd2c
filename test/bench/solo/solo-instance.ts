import { randomUUID } from 'node:crypto';
import {
  DEFAULT_LEASE_SETTINGS,
  DEFAULT_RETENTION_MS,
  MemoryFanout,
  systemClock,
  systemEntropy,
  type TaskEvent,
} from '@a2a-aws/core';
import { eventToJson, Instance, type Run, stderrLogger } from '@a2a-aws/core/internal';
import { DynamoDBInstanceRegistry, DynamoDBLogStorage } from '@a2a-aws/dynamodb';
import { steady } from '@a2a-aws/testkit/fakes';
import { Message, TaskState } from '@a2a-js/sdk';
import { FakeDeployment } from '../../fixtures/fake-deployment.ts';
import { chunk } from '../agent/payload.ts';
import { WriteMeter } from '../meter/write-meter.ts';

/** The events that one run writes. */
export interface SoloScript {
  readonly chunks: number;
  /** Returns the text of a chunk. */
  readonly text: (at: number) => string;
  /**
   * - `burst`: all chunks at once
   * - `durable`: each chunk once the one before it is durable, so that no two share a record
   */
  readonly pace: 'burst' | 'durable';
}

export interface SoloOptions {
  /** The latency of every call to the table, in milliseconds. */
  readonly latencyMs?: number;
  readonly compress?: boolean;
}

/** The result of one run. */
export interface Played {
  /** The bytes of the JSON of all events, as clients receive them. */
  readonly eventBytes: number;
  /** The time from the first chunk until the last is durable. */
  readonly milliseconds: number;
}

/** A single instance on a DynamoDB in this process, which measures the writes to its table. */
export class SoloInstance {
  readonly meter: WriteMeter = new WriteMeter();
  readonly #instance: Instance;

  private constructor({ latencyMs = 0, compress = true }: SoloOptions) {
    const { aws, tableName } = new FakeDeployment('bench', {
      clock: systemClock,
      faults: steady({ dynamodb: latencyMs }),
      onWrite: ({ before, after }) => this.meter.count(before, after),
    });
    const table = { client: aws.clients().dynamodb, tableName, prefix: 'a2a' };
    this.#instance = new Instance(
      {
        id: `i-${systemEntropy.id()}`,
        queueName: 'bench',
        storage: new DynamoDBLogStorage({ ...table, compress }),
        registry: new DynamoDBInstanceRegistry(table),
        fanout: new MemoryFanout(new Map()),
        clock: systemClock,
        entropy: systemEntropy,
        logger: stderrLogger,
        settings: DEFAULT_LEASE_SETTINGS,
        retentionMs: DEFAULT_RETENTION_MS,
      },
      () => {},
    );
  }

  static async start(options: SoloOptions = {}): Promise<SoloInstance> {
    const solo = new SoloInstance(options);
    await solo.#instance.start();
    return solo;
  }

  /** Runs one task from its message to its last row: WORKING, the chunks, COMPLETED. */
  async play(script: SoloScript): Promise<Played> {
    const [taskId, contextId] = [randomUUID(), randomUUID()];
    const message = Message.fromJSON({
      messageId: randomUUID(),
      role: 'ROLE_USER',
      parts: [{ text: 'Begin.' }],
    });
    const begun = await this.#instance.begin(
      { tenant: '', owner: '', taskId },
      { contextId, message, digest: systemEntropy.id() },
    );
    if ('refused' in begun) throw new Error('The run was refused.');
    const { run } = begun;
    const first: TaskEvent = {
      kind: 'task',
      data: {
        id: taskId,
        contextId,
        status: status(TaskState.TASK_STATE_WORKING),
        artifacts: [],
        history: [message],
        metadata: undefined,
      },
    };
    const chunks = Array.from(
      { length: script.chunks },
      (_, at): TaskEvent => ({
        kind: 'artifactUpdate',
        data: chunk(taskId, contextId, script.text(at), at > 0),
      }),
    );
    const last: TaskEvent = {
      kind: 'statusUpdate',
      data: {
        taskId,
        contextId,
        status: status(TaskState.TASK_STATE_COMPLETED),
        metadata: undefined,
      },
    };
    await run.publish(first);
    const began = performance.now();
    await publish(run, chunks, script.pace);
    const milliseconds = performance.now() - began;
    await run.publish(last);
    await this.#instance.intents.finish(run);
    await this.#instance.intents.idle();
    const eventBytes = [first, ...chunks, last].reduce((sum, event) => sum + jsonBytes(event), 0);
    return { eventBytes, milliseconds };
  }

  stop(): Promise<void> {
    return this.#instance.stop(1_000);
  }
}

async function publish(run: Run, events: readonly TaskEvent[], pace: SoloScript['pace']) {
  if (pace === 'durable') {
    for (const event of events) await run.publish(event);
    return;
  }
  for (const event of events) void run.publish(event);
  await run.flush();
}

function status(state: TaskState) {
  return { state, message: undefined, timestamp: new Date().toISOString() };
}

function jsonBytes(event: TaskEvent): number {
  return Buffer.byteLength(JSON.stringify(eventToJson(event)));
}
