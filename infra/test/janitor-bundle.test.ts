import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type LocalAws, startLocalAws } from '@a2a-aws/local';
import { ListSubscriptionsByTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { App } from 'aws-cdk-lib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { A2aStack, type FanoutName } from '../src/index.ts';
import { janitorBundle, resourcesOf } from './synthesized.ts';

const timeout = 180_000;
const server = fileURLToPath(new URL('fixtures/server-process.ts', import.meta.url));
let aws: LocalAws;

beforeAll(async () => {
  aws = await startLocalAws();
}, timeout);
afterAll(() => aws.stop(), timeout);

/** Returns the deployed parts of the function: its code, and its environment with this machine's names. */
function deployed(fanout: FanoutName) {
  const app = new App();
  const stack = new A2aStack(app, 'A2aStack', { fanout, queuePrefix: fanout, janitor: true });
  const [handler] = resourcesOf(stack, 'AWS::Lambda::Function');
  const variables: Record<string, unknown> = handler?.Properties.Environment.Variables;
  const { table, topics } = stack.backend;
  const names = new Map([
    [JSON.stringify(stack.resolve(table.tableName)), aws.tableName],
    ...topics.map(
      ({ topicArn }) => [JSON.stringify(stack.resolve(topicArn)), aws.topicArn] as const,
    ),
  ]);
  const environment = Object.entries(variables).map(([name, value]) => [
    name,
    names.get(JSON.stringify(value)) ?? String(value),
  ]);
  return { file: janitorBundle(app, stack), environment: Object.fromEntries(environment) };
}

/** Starts a process with these variables and those of the SDK, but none of this process. */
function start(args: readonly string[], environment: Readonly<Record<string, string>>) {
  const { A2A_TABLE_NAME, A2A_TOPIC_ARN, ...sdk } = aws.env;
  return spawn(process.execPath, args, {
    // Empty if the function has no topic, as from a shell: an empty value counts as unset.
    env: {
      ...sdk,
      A2A_TOPIC_ARN: '',
      ...environment,
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** The names of the queues of a prefix, and of those that are subscribed to the topic. */
async function reach(prefix: string): Promise<string[]> {
  const { region, credentials, ...services } = aws.clientConfig;
  const sqs = new SQSClient({ region, credentials, ...services.sqs });
  const sns = new SNSClient({ region, credentials, ...services.sns });
  const [{ QueueUrls = [] }, { Subscriptions = [] }] = await Promise.all([
    sqs.send(new ListQueuesCommand()),
    sns.send(new ListSubscriptionsByTopicCommand({ TopicArn: aws.topicArn })),
  ]);
  sqs.destroy();
  sns.destroy();
  const all = [...QueueUrls, ...Subscriptions.map(({ Endpoint = '' }) => Endpoint)];
  return all.filter((name) => name.split(/[/:]/).at(-1)?.startsWith(`${prefix}-`));
}

// Side by side: a round is waiting for the most part, for a lease time and a quarantine.
test.concurrent.each([
  ['sns', 2],
  ['direct', 1],
  ['polling', 0],
] as const)(
  '[I7] the function cleans up as it is deployed: %s',
  {
    timeout,
  },
  async (fanout, reached) => {
    const { file, environment } = deployed(fanout);
    const source = ['--conditions=@a2a-aws/source', '--import', 'tsx', server];
    const instance = start(source, environment);
    await once(instance.stdout, 'data');
    // An instance may be ready before it has its queue.
    await expect.poll(() => reach(fanout)).toHaveLength(reached);
    const exited = once(instance, 'exit');
    instance.kill('SIGKILL');
    await exited;

    const invoke = `
    const { handler } = await import(${JSON.stringify(file)});
    await handler({}, { getRemainingTimeInMillis: () => 600_000 });`;
    const round = start(['--input-type=module', '--eval', invoke], environment);
    const [[code], output] = await Promise.all([once(round, 'exit'), text(round.stdout)]);

    expect(JSON.parse(output)).toEqual({
      event: 'janitor.round',
      cleaned: 1,
      left: 0,
      queues: 0,
      subscriptions: 0,
      failed: 0,
    });
    expect(code).toBe(0);
    expect(await reach(fanout)).toEqual([]);
  },
);
