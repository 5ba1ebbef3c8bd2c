import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import {
  type Entry,
  encode,
  FIRST_SLOT,
  Fold,
  nextSlot,
  recordBody,
  systemClock,
  systemEntropy,
  taskHead,
} from '@a2a-aws/core';
import { DynamoDBLogStorage, tableDefinition } from '@a2a-aws/dynamodb';
import { FakeAws } from '@a2a-aws/testkit/fakes';
import { Message, TaskState } from '@a2a-js/sdk';
import type { AgentExecutor } from '@a2a-js/sdk/server';
import { restHandler, UserBuilder } from '@a2a-js/sdk/server/express';
import { type Backend, createBackend } from 'a2a-aws';
import express from 'express';
import { AGENT_CARD } from '../agent/agent-card.ts';
import { prose } from '../agent/prose.ts';

const TABLE = 'bench';
const CONTEXT = 'context';
/** Characters of a message, of the client's and of the agent's. */
const TEXT = 100;
const INPUT_REQUIRED = TaskState.TASK_STATE_INPUT_REQUIRED;

/** What a request did to the process that answered it, in milliseconds. */
export interface Stalls {
  /** The longest time that the event loop did not turn. */
  readonly longest: number;
}

/** Answers HTTP+JSON about long conversations, on a DynamoDB in this process. */
export class ConversationServer {
  readonly #aws = new FakeAws({ tables: [tableDefinition(TABLE)] });
  readonly #delay = monitorEventLoopDelay({ resolution: 1 });
  #backend: Backend | undefined;

  /** Resolves with where it answers. */
  async serve(): Promise<string> {
    const topicArn = this.#aws.sns.createTopic('bench');
    const backend = createBackend({
      tableName: TABLE,
      topicArn,
      clients: this.#aws.clients(),
      logLevel: 'warn',
    });
    this.#backend = backend;
    await backend.start();
    const requestHandler = backend.requestHandler(AGENT_CARD, new AskingAgent());
    const app = express();
    app.use(backend.express());
    app.use(restHandler({ requestHandler, userBuilder: UserBuilder.noAuthentication }));
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Writes a task in which so many messages of a client were answered, each with three records. */
  async write(taskId: string, messages: number): Promise<void> {
    const table = { client: this.#aws.clients().dynamodb, tableName: TABLE, prefix: 'a2a' };
    const storage = new DynamoDBLogStorage(table);
    // The owner of all who do not authenticate.
    const key = { tenant: '', owner: 'unknown', taskId };
    let slot = FIRST_SLOT;
    const fold = new Fold();
    for (const contents of turnsOf(taskId, messages)) {
      const encoded = contents.map(encode);
      const entries = encoded.map(({ entry }) => entry);
      const record = {
        id: systemEntropy.id(),
        instance: 'bench',
        time: systemClock.now(),
        slot,
        entries,
        body: recordBody(encoded),
      };
      slot = nextSlot(slot, entries.filter(({ kind }) => kind === 'event').length);
      fold.apply(record);
      await storage.putRecord(key, record);
    }
    const head = taskHead(key, fold.state);
    if (head) await storage.putHead(key, head);
  }

  watch(): void {
    this.#delay.enable();
    this.#delay.reset();
  }

  stalls(): Stalls {
    this.#delay.disable();
    return { longest: this.#delay.max / 1e6 };
  }

  async stop(): Promise<void> {
    await this.#backend?.stop();
  }
}

function* turnsOf(taskId: string, messages: number): Iterable<Entry[]> {
  for (let n = 0; n < messages; n += 1) {
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
    yield [
      { kind: 'start', run, attempt: 1, instance: 'bench', contextId: CONTEXT, message, digest },
    ];
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
    yield [{ kind: 'event', run, event }];
    yield [{ kind: 'end', run }];
  }
}

/** Answers each message with a question. */
class AskingAgent implements AgentExecutor {
  readonly execute: AgentExecutor['execute'] = async ({ taskId, contextId }, bus) => {
    const status = {
      state: INPUT_REQUIRED,
      message: undefined,
      timestamp: new Date(systemClock.now()).toISOString(),
    };
    const data = { taskId, contextId, status, metadata: undefined };
    bus.publish({ kind: 'statusUpdate', data });
  };

  readonly cancelTask: AgentExecutor['cancelTask'] = async () => {};
}
