import {
  CreateTopicCommand,
  DeleteTopicCommand,
  GetSubscriptionAttributesCommand,
  GetTopicAttributesCommand,
  ListSubscriptionsByTopicCommand,
  type ListSubscriptionsByTopicCommandInput,
  PublishBatchCommand,
  type PublishBatchCommandInput,
  type SNSClient,
  SubscribeCommand,
  type SubscribeCommandInput,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import { type ActContext, type Commands, command, commandsClient } from '../commands-client.ts';
import { FakeServiceError } from '../service-fault.ts';
import type { Wire } from '../wire.ts';
import { type BatchAnswer, batchAnswer, billedRequests } from './batch.ts';
import { FAKE_ACCOUNT, FAKE_REGION, type FakeSqs, type OnRemoval } from './fake-sqs.ts';
import { type MessageAttributes, matches } from './filter-policy.ts';

/** Bytes of one batch, attributes included (Amazon SNS, "PublishBatch"). */
const MAX_BATCH_BYTES = 256 * 1024;
const PAGE = 100;
const OK = { $metadata: {} } as const;

interface Subscription {
  readonly arn: string;
  readonly endpoint: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly filterPolicy: string | undefined;
  /** It gets no messages before this time; milliseconds of the clock. */
  readonly from: number;
}

/** SNS in this process, at the client's `send`: standard topics whose subscribers are queues. */
export class FakeSns {
  /** Filter policies that a topic takes (Amazon SNS, "Quotas"). */
  filterPolicies = 200;
  readonly #wire: Wire;
  readonly #sqs: FakeSqs;
  readonly #commands: Commands;
  readonly #topics = new Map<string, Map<string, Subscription>>();
  #count = 0;

  constructor(wire: Wire, sqs: FakeSqs, onRemoval: OnRemoval = () => {}) {
    this.#wire = wire;
    this.#sqs = sqs;
    this.#commands = new Map([
      command(CreateTopicCommand, 'CreateTopic', true, (input) => ({
        ...OK,
        TopicArn: this.createTopic(input.Name ?? ''),
      })),
      command(DeleteTopicCommand, 'DeleteTopic', true, (input) => {
        this.#topics.delete(input.TopicArn ?? '');
        return OK;
      }),
      command(GetTopicAttributesCommand, 'GetTopicAttributes', false, (input) => {
        this.#topic(input.TopicArn);
        return { ...OK, Attributes: { TopicArn: input.TopicArn } };
      }),
      command(SubscribeCommand, 'Subscribe', true, (input) => this.#subscribe(input)),
      command(UnsubscribeCommand, 'Unsubscribe', true, (input, { caller }) => {
        const endpoint = this.#unsubscribe(input.SubscriptionArn ?? '');
        if (endpoint) onRemoval({ caller, queue: endpoint.split(':').at(-1) ?? '' });
        return OK;
      }),
      command(ListSubscriptionsByTopicCommand, 'ListSubscriptionsByTopic', false, (input) =>
        this.#list(input),
      ),
      command(GetSubscriptionAttributesCommand, 'GetSubscriptionAttributes', false, (input) =>
        this.#attributes(input.SubscriptionArn ?? ''),
      ),
      command(PublishBatchCommand, 'PublishBatch', true, (input, context) =>
        this.#publishBatch(input, context),
      ),
    ]);
  }

  /** A client of this service; fault plans know it by the caller's name. */
  client(caller = ''): Pick<SNSClient, 'send'> {
    return commandsClient(this.#wire, 'sns', caller, this.#commands);
  }

  /** Makes a standard topic, or finds it; its ARN. */
  createTopic(name: string): string {
    const arn = `arn:aws:sns:${FAKE_REGION}:${FAKE_ACCOUNT}:${name}`;
    if (!this.#topics.has(arn)) this.#topics.set(arn, new Map());
    return arn;
  }

  /** The ARNs of the queues that are subscribed, past all faults. */
  subscribedQueues(): string[] {
    return [...this.#topics.values()].flatMap((topic) =>
      [...topic.values()].map(({ endpoint }) => endpoint),
    );
  }

  /** Removes the subscriptions of a queue as a stranger would, past all faults. */
  lose(queueArn: string): void {
    for (const topic of this.#topics.values()) {
      for (const { arn, endpoint } of topic.values()) if (endpoint === queueArn) topic.delete(arn);
    }
  }

  #subscribe({ TopicArn, Endpoint = '', Attributes = {} }: SubscribeCommandInput): unknown {
    const topic = this.#topic(TopicArn);
    const found = [...topic.values()].find(({ endpoint }) => endpoint === Endpoint);
    if (found) {
      if (!isSame(found.attributes, Attributes)) throw otherwiseSubscribed();
      return { ...OK, SubscriptionArn: found.arn };
    }
    const { FilterPolicy } = Attributes;
    const policies = [...topic.values()].filter(({ filterPolicy }) => filterPolicy);
    if (FilterPolicy && policies.length >= this.filterPolicies) {
      throw fault('FilterPolicyLimitExceeded');
    }
    // Read once, so that a policy that cannot be read is refused here.
    matches(FilterPolicy);
    const arn = `${TopicArn}:${this.#count++}`;
    const from = this.#wire.clock.now() + this.#wire.faults.subscriptionLag();
    topic.set(arn, {
      arn,
      endpoint: Endpoint,
      filterPolicy: FilterPolicy,
      attributes: { ...Attributes },
      from,
    });
    return { ...OK, SubscriptionArn: arn };
  }

  /** Returns the endpoint of the subscription, if there was one. */
  #unsubscribe(arn: string): string | undefined {
    for (const topic of this.#topics.values()) {
      const found = topic.get(arn);
      if (topic.delete(arn)) return found?.endpoint;
    }
    return undefined;
  }

  #attributes(arn: string): unknown {
    for (const topic of this.#topics.values()) {
      const found = topic.get(arn);
      if (found) return { ...OK, Attributes: { ...found.attributes, Endpoint: found.endpoint } };
    }
    throw new FakeServiceError('NotFoundException', 'Subscription does not exist', 404);
  }

  #list({ TopicArn, NextToken = '0' }: ListSubscriptionsByTopicCommandInput): unknown {
    const all = [...this.#topic(TopicArn).values()];
    const end = Number(NextToken) + PAGE;
    return {
      ...OK,
      Subscriptions: all.slice(Number(NextToken), end).map(({ arn, endpoint }) => ({
        SubscriptionArn: arn,
        Endpoint: endpoint,
        Protocol: 'sqs',
        TopicArn,
      })),
      ...(end < all.length ? { NextToken: String(end) } : {}),
    };
  }

  #publishBatch(
    { TopicArn, PublishBatchRequestEntries: entries = [] }: PublishBatchCommandInput,
    { failedEntries }: ActContext,
  ): BatchAnswer<{ Id: string; MessageId: string }> {
    const topic = this.#topic(TopicArn);
    const sizes = entries.map(({ Message = '', MessageAttributes = {} }) =>
      messageBytes(Message, MessageAttributes),
    );
    const bytesIn = sizes.reduce((sum, bytes) => sum + bytes, 0);
    if (bytesIn > MAX_BATCH_BYTES) throw fault('BatchRequestTooLong');
    const billed = sizes.reduce((sum, bytes) => sum + billedRequests(bytes), 0);
    this.#wire.meter.spent('sns', 'PublishBatch', { bytesIn, billedRequests: billed });
    const { faults } = this.#wire;
    return batchAnswer(
      entries,
      () => failedEntries > 0 && faults.entryFails(failedEntries),
      ({ Message, MessageAttributes }, Id) => {
        if (!Message) throw fault('InvalidParameter');
        for (const subscription of topic.values()) {
          this.#deliver(TopicArn ?? '', subscription, Message, MessageAttributes);
        }
        return { Id, MessageId: `published-${this.#count++}` };
      },
    );
  }

  #deliver(
    topicArn: string,
    { endpoint, attributes, filterPolicy, from }: Subscription,
    message: string,
    messageAttributes: MessageAttributes | undefined,
  ): void {
    const { clock, faults } = this.#wire;
    const hears = clock.now() >= from && matches(filterPolicy, messageAttributes);
    if (!hears || !this.#maySend(topicArn, endpoint)) return;
    const { RawMessageDelivery } = attributes;
    const body =
      RawMessageDelivery === 'true'
        ? message
        : JSON.stringify({ Type: 'Notification', Message: message });
    for (const ms of faults.deliveries(endpoint)) {
      if (ms > 0) clock.after(ms, () => this.#sqs.deliver(endpoint, body));
      else this.#sqs.deliver(endpoint, body);
    }
  }

  /** True if the queue's policy lets this topic send to it. */
  #maySend(topicArn: string, queueArn: string): boolean {
    const name = queueArn.split(':').at(-1) ?? '';
    const { Policy } = this.#sqs.queues.get(name)?.making.attributes ?? {};
    return Policy?.includes(JSON.stringify(topicArn)) ?? false;
  }

  #topic(arn: string | undefined): Map<string, Subscription> {
    const topic = this.#topics.get(arn ?? '');
    if (!topic) throw new FakeServiceError('NotFoundException', 'Topic does not exist', 404);
    return topic;
  }
}

function messageBytes(message: string, attributes: MessageAttributes): number {
  return Object.entries(attributes).reduce(
    (sum, [name, { DataType = '', StringValue = '' }]) =>
      sum + Buffer.byteLength(`${name}${DataType}${StringValue}`),
    Buffer.byteLength(message),
  );
}

function isSame(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const text = (record: Readonly<Record<string, string>>): string =>
    JSON.stringify(Object.entries(record).sort());
  return text(a) === text(b);
}

function fault(name: string): FakeServiceError {
  return new FakeServiceError(name, 'The request is not valid.', 400);
}

function otherwiseSubscribed(): FakeServiceError {
  const text =
    'Invalid parameter: Attributes Reason: Subscription already exists with different attributes';
  return new FakeServiceError('InvalidParameter', text, 400);
}
