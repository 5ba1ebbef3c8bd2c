import {
  type Entry,
  type LogRecord,
  systemClock,
  systemEntropy,
  type TaskKey,
} from '@a2a-aws/core';
import {
  encode,
  encodeSnapshot,
  FIRST_SLOT,
  Fold,
  inOneGo,
  maxUnpaidRecords,
  nextSlot,
  recordBody,
  taskHead,
} from '@a2a-aws/core/internal';
import { createDynamoDBClient, DynamoDBLogStorage } from '@a2a-aws/dynamodb';
import type { LocalAws } from '@a2a-aws/local';
import { Message, TaskState } from '@a2a-js/sdk';
import { BatchedPuts } from './batched-puts.ts';
import { prose } from './prose.ts';

const CONTEXT = 'context';
/** The characters of each message of the client and the agent. */
const TEXT = 100;
const INPUT_REQUIRED = TaskState.TASK_STATE_INPUT_REQUIRED;

/** The parts of a stored conversation that a reader needs. */
export interface Stored {
  /** The characters of the snapshot. */
  readonly snapshot: number;
  /** The number of records after the snapshot. */
  readonly tail: number;
}

/** A task with a given number of answered client messages, each with three records. */
export class WrittenConversation {
  readonly #key: TaskKey;
  readonly #storage: DynamoDBLogStorage;
  readonly #puts: BatchedPuts;
  readonly #records: readonly LogRecord[];

  constructor(writer: ConversationWriter, key: TaskKey, messages: number) {
    this.#key = key;
    this.#storage = writer.storage;
    this.#puts = writer.puts;
    this.#records = [...recordsOf(key.taskId, messages)];
  }

  /** Writes the records and the head, but no snapshot. */
  async write(): Promise<void> {
    for (const record of this.#records) await this.#storage.putRecord(this.#key, record);
    await this.#puts.flush();
    const head = taskHead(this.#key, foldOf(this.#records).state);
    if (head) await this.#storage.putHead(this.#key, head);
  }

  /** Writes a snapshot of the maximum age that an appending instance allows. */
  async writeSnapshot(): Promise<Stored> {
    const whole = inOneGo(encodeSnapshot(foldOf(this.#records).content())).length;
    const tail = Math.min(this.#records.length, maxUnpaidRecords(whole));
    const fold = foldOf(this.#records.slice(0, this.#records.length - tail));
    const text = inOneGo(encodeSnapshot(fold.content()));
    const snapshot = { id: systemEntropy.id(), slot: fold.state.next, text };
    await this.#storage.putSnapshot(this.#key, snapshot, systemClock.now());
    await this.#puts.flush();
    return { snapshot: text.length, tail };
  }
}

/** Writes conversations faster than an instance could: many records in a call. */
export class ConversationWriter {
  readonly storage: DynamoDBLogStorage;
  readonly puts: BatchedPuts;
  readonly close: () => void;

  constructor({ clientConfig, tableName }: LocalAws, prefix: string) {
    const { region, credentials, dynamodb } = clientConfig;
    const client = createDynamoDBClient({ region, credentials, ...dynamodb });
    this.puts = new BatchedPuts(client, tableName);
    this.storage = new DynamoDBLogStorage({ client, tableName, prefix });
    this.close = () => client.destroy();
  }
}

function foldOf(records: readonly LogRecord[]): Fold {
  const fold = new Fold();
  for (const record of records) fold.apply(record);
  return fold;
}

function* recordsOf(taskId: string, messages: number): Iterable<LogRecord> {
  let slot = FIRST_SLOT;
  for (let n = 0; n < messages; n += 1) {
    for (const contents of turnOf(taskId, n)) {
      const encoded = contents.map(encode);
      const entries = encoded.map(({ entry }) => entry);
      const about = { id: systemEntropy.id(), instance: 'bench', time: systemClock.now() };
      yield { ...about, slot, entries, body: recordBody(encoded) };
      slot = nextSlot(slot, entries.filter(({ kind }) => kind === 'event').length);
    }
  }
}

/** Returns a message, its answer, and the end of its run, in one record each. */
function turnOf(taskId: string, n: number): Entry[][] {
  const run = `run-${taskId}-${n}`;
  const said = (role: string, id: string) =>
    Message.fromJSON({
      messageId: `${id}-${taskId}-${n}`,
      role,
      taskId,
      contextId: CONTEXT,
      parts: [{ text: prose(TEXT, n) }],
    });
  const message = said('ROLE_USER', 'client');
  const digest = `${n}`.padStart(22, '0');
  const status = {
    state: INPUT_REQUIRED,
    message: said('ROLE_AGENT', 'agent'),
    timestamp: new Date(systemClock.now()).toISOString(),
  };
  const about = { contextId: CONTEXT, status, metadata: undefined };
  const event =
    n === 0
      ? { kind: 'task' as const, data: { id: taskId, artifacts: [], history: [], ...about } }
      : { kind: 'statusUpdate' as const, data: { taskId, ...about } };
  return [
    [{ kind: 'start', run, attempt: 1, instance: 'bench', contextId: CONTEXT, message, digest }],
    [{ kind: 'event', run, event }],
    [{ kind: 'end', run }],
  ];
}
