import { silentLogger } from '@a2a-aws/core';
import { tableDefinition } from '@a2a-aws/dynamodb';
import { FakeAws, type FakeAwsOptions } from '@a2a-aws/testkit/fakes';
import type { A2ARequestHandler, AgentExecutor } from '@a2a-js/sdk/server';
import { type Backend, type BackendOptions, createBackend } from 'a2a-aws';
import { AGENT_CARD } from '../agent/agent-card.ts';
import { callContext, firstMessage } from '../agent/requests.ts';

const TABLE = 'bench';

export interface FakeMember {
  readonly backend: Backend;
  readonly handler: A2ARequestHandler;
}

/** A fleet on an AWS in this process, whose calls are counted one by one. */
export class FakeFleet {
  readonly aws: FakeAws;
  readonly #topicArn: string;
  readonly #members: FakeMember[] = [];

  constructor(options: FakeAwsOptions = {}) {
    this.aws = new FakeAws({ ...options, tables: [tableDefinition(TABLE)] });
    this.#topicArn = this.aws.sns.createTopic('bench');
  }

  async join(
    name: string,
    executor: AgentExecutor,
    options: BackendOptions = {},
  ): Promise<FakeMember> {
    const backend = createBackend({
      tableName: TABLE,
      topicArn: this.#topicArn,
      instanceId: name,
      clients: this.aws.clients(name),
      logger: silentLogger,
      ...options,
    });
    await backend.start();
    const member = { backend, handler: backend.requestHandler(AGENT_CARD, executor) };
    this.#members.push(member);
    return member;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#members.map(({ backend }) => backend.stop({ drainMs: 1_000 })));
  }
}

/** Starts a task; resolves with its id once it is there. */
export async function beginTask(handler: A2ARequestHandler): Promise<string> {
  const answer = await handler.sendMessage(
    firstMessage({
      acceptedOutputModes: [],
      taskPushNotificationConfig: undefined,
      returnImmediately: true,
    }),
    callContext(),
  );
  if (!('id' in answer)) throw new Error('The agent answered without a task.');
  return answer.id;
}
