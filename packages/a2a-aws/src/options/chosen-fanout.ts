import { type Fanout, PollingFanout } from '@a2a-aws/core';
import { DirectFanout, SnsFanout } from '@a2a-aws/sns-sqs';
import type { BackendClients } from './aws-clients.ts';
import type { BackendSettings } from './options.ts';

/** Makes what was chosen. */
export function makeFanout(settings: BackendSettings, clients: BackendClients): Fanout {
  const { fanout, topicArns, prefix, tableName, logger, clock, entropy, deadLetterArn } = settings;
  const queues = {
    ...clients,
    prefix,
    table: tableName,
    logger,
    clock,
    entropy,
    ...(deadLetterArn === undefined ? {} : { deadLetterArn }),
  };
  switch (fanout) {
    case 'sns':
      return new SnsFanout({ ...queues, topicArn: topicArns });
    case 'direct':
      return new DirectFanout(queues);
    case 'polling':
      return new PollingFanout();
    default:
      return fanout;
  }
}
