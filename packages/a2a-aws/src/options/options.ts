import { DEFAULT_LEASE_SETTINGS, type LeaseSettings, type Logger } from '@a2a-aws/core';
import { rootLogger } from '@a2a-aws/core/internal';
import { sinkOf } from '../logging/sinks.ts';
import { DEFAULT_OVERLOAD_LIMITS, type OverloadLimits } from '../overload/overload.ts';
import { type PushSettings, pushSettings } from '../pushes/push-settings.ts';
import { guarded } from '../user-code/guarded.ts';
import { withRecordedOwners } from '../user-code/owners-context.ts';
import {
  assertClientConfig,
  assertEndpoints,
  type EndpointEnvironment,
  givenRegion,
} from './aws-clients.ts';
import type { BackendEnvironment, BackendOptions } from './backend-options.ts';
import { instanceName } from './instance-name.ts';
import { assertValues, valuesOf } from './option-definition.ts';
import {
  CLIENT_CONFIG,
  OPTIONS,
  OPTIONS_WITH_TOPIC,
  type OptionValues,
} from './option-definitions.ts';

/** The options as the backend uses them. */
export interface BackendSettings
  extends Omit<
    OptionValues,
    'topicArn' | 'instanceId' | 'logger' | 'logLevel' | 'lease' | 'overload' | 'push'
  > {
  readonly topicArns: readonly string[];
  readonly instanceName: string;
  /** The host in this instance's lease row. @default the host's name */
  readonly host?: string | undefined;
  readonly logger: Logger;
  readonly lease: LeaseSettings;
  readonly overload: OverloadLimits;
  readonly push: PushSettings;
}

/**
 * Returns the settings for these options, with defaults filled in. An empty variable counts as
 * unset.
 *
 * @throws {BackendError} `configuration`, naming each option that is missing or malformed and its
 * rule, but never its value.
 */
export function resolveOptions(
  options: BackendOptions,
  environment: BackendEnvironment & EndpointEnvironment,
): BackendSettings {
  const values = valuesOf(OPTIONS, options, setVariables(environment));
  const { clients, clientConfig } = values;
  assertClientConfig(clientConfig);
  assertEndpoints(clients, clientConfig, environment);
  assertValues(
    { ...(values.fanout === 'sns' ? OPTIONS_WITH_TOPIC : OPTIONS), ...CLIENT_CONFIG },
    {
      ...values,
      // Also if its variable is empty: the AWS SDK takes that for a region, and refuses it at the first call.
      'clientConfig.region': givenRegion(clients, clientConfig, environment),
      'clientConfig.credentials': clientConfig.credentials,
    },
  );
  const {
    topicArn,
    instanceId,
    logger,
    logLevel: level,
    lease,
    overload,
    push,
    ownerResolver,
    ...others
  } = values;
  return {
    ...others,
    topicArns: [topicArn].flat(),
    instanceName: instanceName(instanceId),
    logger: rootLogger(sinkOf(logger), { clock: values.clock, level }),
    lease: { ...DEFAULT_LEASE_SETTINGS, ...lease },
    overload: { ...DEFAULT_OVERLOAD_LIMITS, ...overload },
    push: pushSettings(push),
    ownerResolver: withRecordedOwners(guarded('ownerResolver', ownerResolver)),
  };
}

/** Returns the variables that have a value: an empty one counts as unset, as in the AWS CLI. */
function setVariables(environment: BackendEnvironment): BackendEnvironment {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim()));
}
