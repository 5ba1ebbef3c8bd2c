import { type Clock, systemClock } from '@a2a-aws/core';
import type { SNSClient } from '@aws-sdk/client-sns';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { CallMeter } from './call-meter.ts';
import { FakeDynamoDB, type FakeDynamoDBOptions } from './dynamodb/fake-dynamodb.ts';
import { type FaultPlan, steady } from './fault-plan.ts';
import { FakeSns } from './messaging/fake-sns.ts';
import { FakeSqs, type OnRemoval } from './messaging/fake-sqs.ts';
import { Wire } from './wire.ts';

export interface FakeAwsOptions extends FakeDynamoDBOptions {
  /** @default the clock of this machine */
  readonly clock?: Clock | undefined;
  /** @default every call succeeds at once */
  readonly faults?: FaultPlan | undefined;
  /** Called for every queue and subscription that a caller removes. */
  readonly onRemoval?: OnRemoval | undefined;
}

/** The part of each client that the backend uses. */
export interface FakeClients {
  readonly dynamodb: Pick<DynamoDBDocumentClient, 'send'>;
  readonly sns: Pick<SNSClient, 'send'>;
  readonly sqs: Pick<SQSClient, 'send'>;
  /** For long polls. */
  readonly polling: Pick<SQSClient, 'send'>;
}

/**
 * DynamoDB, SNS and SQS in this process, on an injected clock and one fault plan: with a virtual
 * clock and a seed the same calls meet the same faults again. Every call is counted.
 */
export class FakeAws {
  readonly meter: CallMeter = new CallMeter();
  readonly dynamodb: FakeDynamoDB;
  readonly sqs: FakeSqs;
  readonly sns: FakeSns;

  constructor(options: FakeAwsOptions = {}) {
    const { clock = systemClock, faults = steady(), onRemoval } = options;
    const wire = new Wire({ clock, faults, meter: this.meter });
    this.dynamodb = new FakeDynamoDB(wire, options);
    this.sqs = new FakeSqs(wire, onRemoval);
    this.sns = new FakeSns(wire, this.sqs, onRemoval);
  }

  /** Clients that the fault plan knows by the caller's name. */
  clients(caller = ''): FakeClients {
    const sqs = this.sqs.client(caller);
    return {
      dynamodb: this.dynamodb.client(caller),
      sns: this.sns.client(caller),
      sqs,
      polling: sqs,
    };
  }
}
