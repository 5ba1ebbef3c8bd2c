import type { Fanout, InstanceRegistry } from '@a2a-aws/core';
import { PollingFanout } from '@a2a-aws/core/internal';
import { DirectFanout, SnsFanout } from '@a2a-aws/sns-sqs';
import { guardedFanout } from '../user-code/guarded.ts';
import { UserErrors } from '../user-code/user-error-reports.ts';
import type { BackendClients } from './aws-clients.ts';
import type { BackendSettings } from './options.ts';

/** Creates the chosen fan-out. It tags its AWS resources with the identity of `registry`. */
export function makeFanout(
  settings: BackendSettings,
  clients: BackendClients,
  registry: Pick<InstanceRegistry, 'identity' | 'lease'>,
): Fanout {
  const { fanout, topicArns, prefix, logger, clock, entropy, deadLetterArn } = settings;
  const queues = {
    ...clients,
    prefix,
    table: () => registry.identity(),
    logger,
    clock,
    entropy,
    ...(deadLetterArn === undefined ? {} : { deadLetterArn }),
  };
  switch (fanout) {
    case 'sns':
      return new SnsFanout({ ...queues, topicArn: topicArns });
    case 'direct':
      return new DirectFanout({
        ...queues,
        addressOf: async (instance) => {
          const lease = await registry.lease(instance);
          return lease?.state === 'alive' ? lease.address : undefined;
        },
      });
    case 'polling':
      return new PollingFanout();
    default:
      return guardedFanout(fanout, new UserErrors(settings, logger), settings);
  }
}
