import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import {
  type Entry,
  encode,
  FIRST_SLOT,
  Fold,
  type LogRecord,
  nextSlot,
  recordBody,
  systemClock,
  systemEntropy,
  taskHead,
} from '@a2a-aws/core';
import { createDynamoDBClient, DynamoDBLogStorage } from '@a2a-aws/dynamodb';
import { Message, TaskState } from '@a2a-js/sdk';
import type { AgentExecutor } from '@a2a-js/sdk/server';
import { restHandler, UserBuilder } from '@a2a-js/sdk/server/express';
import { type Backend, createBackend } from 'a2a-aws';
import express from 'express';
import { AGENT_CARD } from '../agent/agent-card.ts';
import { prose } from '../agent/prose.ts';

/** Writes under way at once: nobody measures them. */
const WIDTH = 16;
const PREFIX = 'conversation';
const CONTEXT = 'context';
/** Characters of a message, of the client's and of the agent's. */
const TEXT = 100;
const INPUT_REQUIRED = TaskState.TASK_STATE_INPUT_REQUIRED;

/** What a request did to the process that answered it, in milliseconds. */
export interface Stalls {
  /** The longest time that the event loop did not turn. */
  readonly longest: number;
  /** The most processor time between two turns: the same on a machine that does nothing else. */
  readonly busiest: number;
  /** Of the processor, all threads of the process together. */
  readonly cpu: number;
}

/** Answers HTTP+JSON about long conversations. DynamoDB runs in a process of its own. */
export class ConversationServer {
  readonly #delay = monitorEventLoopDelay({ resolution: 1 });
  #cpu = process.cpuUsage();
  #busiest = 0;
  #turns: NodeJS.Timeout | undefined;
  #backend: Backend | undefined;

  /** Resolves with where it answers. */
  async serve(): Promise<string> {
    const backend = createBackend({ prefix: PREFIX, logLevel: 'warn' });
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
  async write(tableName: string, taskId: string, messages: number): Promise<void> {
    const client = createDynamoDBClient();
    const storage = new DynamoDBLogStorage({ client, tableName, prefix: PREFIX });
    // The owner of all who do not authenticate.
    const key = { tenant: '', owner: 'unknown', taskId };
    const fold = new Fold();
    const records = recordsOf(taskId, messages)[Symbol.iterator]();
    const worker = async (): Promise<void> => {
      for (let next = records.next(); !next.done; next = records.next()) {
        fold.apply(next.value);
        await storage.putRecord(key, next.value);
      }
    };
    await Promise.all(Array.from({ length: WIDTH }, worker));
    const head = taskHead(key, fold.state);
    if (head) await storage.putHead(key, head);
    client.destroy();
  }

  watch(): void {
    this.#delay.enable();
    this.#delay.reset();
    this.#cpu = process.cpuUsage();
    this.#busiest = 0;
    let last = this.#cpu;
    this.#turns = setInterval(() => {
      const now = process.cpuUsage();
      this.#busiest = Math.max(this.#busiest, now.user + now.system - last.user - last.system);
      last = now;
    }, 1);
  }

  stalls(): Stalls {
    this.#delay.disable();
    clearInterval(this.#turns);
    const { user, system } = process.cpuUsage(this.#cpu);
    const longest = this.#delay.max / 1e6;
    return { longest, busiest: this.#busiest / 1e3, cpu: (user + system) / 1e3 };
  }

  async stop(): Promise<void> {
    await this.#backend?.stop();
  }
}

function* recordsOf(taskId: string, messages: number): Iterable<LogRecord> {
  let slot = FIRST_SLOT;
  for (const contents of turnsOf(taskId, messages)) {
    const encoded = contents.map(encode);
    const entries = encoded.map(({ entry }) => entry);
    const about = { id: systemEntropy.id(), instance: 'bench', time: systemClock.now() };
    yield { ...about, slot, entries, body: recordBody(encoded) };
    slot = nextSlot(slot, entries.filter(({ kind }) => kind === 'event').length);
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
