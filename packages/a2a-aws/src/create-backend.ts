import { systemClock } from '@a2a-aws/core';
import { withFields } from '@a2a-aws/core/internal';
import {
  DynamoDBConsumerOffsets,
  DynamoDBInstanceRegistry,
  DynamoDBLogStorage,
  DynamoDBPushLedger,
  DynamoDBPushNotificationStore,
} from '@a2a-aws/dynamodb';
import { Backend } from './backend.ts';
import type { BackendPorts } from './backend-ports.ts';
import { AwsCalls } from './options/aws-calls.ts';
import { resolveClients } from './options/aws-clients.ts';
import type { BackendOptions } from './options/backend-options.ts';
import { makeFanout } from './options/create-fanout.ts';
import { assertOptions } from './options/option-check.ts';
import { BACKEND_OPTIONS } from './options/option-definitions.ts';
import { resolveOptions } from './options/options.ts';
import { loopBusyMs } from './overload/loop-load.ts';

/**
 * Makes a backend; no I/O before {@link Backend.start}. Every option has a default: with none, the
 * table and the topic are those that `A2A_TABLE_NAME` and `A2A_TOPIC_ARN` name, and region,
 * credentials and endpoints those that the AWS SDK finds.
 *
 * @throws {BackendError} `configuration`, naming the unknown, missing and malformed options, the
 * rule for each, and the closest valid name.
 *
 * @example
 * ```ts
 * import { createBackend } from 'a2a-aws';
 *
 * const backend = createBackend({ lease: { leaseMs: 10_000 }, fanout: 'direct' });
 * await backend.start();
 * const requestHandler = backend.requestHandler(agentCard, executor);
 * ```
 */
export function createBackend(options: BackendOptions = {}): Backend {
  return backendOf(options);
}

/** As {@link createBackend}, with other ports in place of some of its own. */
export function backendOf(options: BackendOptions, replaced: Partial<BackendPorts> = {}): Backend {
  assertOptions('createBackend', options, BACKEND_OPTIONS);
  let backend: Backend | undefined;
  const resolved = resolveOptions(options, process.env);
  const logger = withFields(resolved.logger, () => ({ instance: backend?.instanceId }));
  const settings = { ...resolved, logger };
  const { tableName, prefix, ownerResolver, retentionMs, ownerShards, clock, entropy } = settings;
  const stored = { retentionMs, ownerShards, compression: settings.compression, logger };
  const calls = new AwsCalls();
  const clients = resolveClients(settings.clients, settings.clientConfig, calls);
  const table = { client: clients.dynamodb, tableName, prefix };
  const registry = new DynamoDBInstanceRegistry({ ...table, logger });
  const own = { ...table, client: clients.control };
  const control = {
    storage: new DynamoDBLogStorage({ ...own, ...stored }),
    registry: new DynamoDBInstanceRegistry({ ...own, logger }),
  };
  backend = new Backend(settings, {
    storage: new DynamoDBLogStorage({ ...table, ...stored }),
    registry,
    control,
    offsets: new DynamoDBConsumerOffsets({ ...table, retentionMs }),
    fanout: makeFanout(settings, clients, control.registry),
    pushLedger: new DynamoDBPushLedger({ ...table, retentionMs }),
    pushNotificationStore: new DynamoDBPushNotificationStore({
      ...table,
      ownerResolver,
      retentionMs,
      clock,
      entropy,
    }),
    clock,
    // In virtual time, the event loop of the process says nothing.
    busyMs: clock === systemClock ? loopBusyMs : undefined,
    entropy,
    calls,
    ...replaced,
  });
  return backend;
}
