/** The characters of a name: an instance's id is part of a queue name of at most 80 characters. */
const MAX_LENGTH = 20;
const TAIL_LENGTH = 7;

/** The environment variables that name the machine. */
export interface InstanceEnvironment {
  readonly AWS_EXECUTION_ENV?: string | undefined;
  readonly ECS_CONTAINER_METADATA_URI_V4?: string | undefined;
}

/**
 * The id of the Fargate task, which its metadata address contains, elsewhere the host name.
 * Source: Amazon ECS developer guide, "Task metadata endpoint version 4 for tasks on Fargate".
 */
export function hostName(env: InstanceEnvironment, hostname: string): string {
  const { AWS_EXECUTION_ENV, ECS_CONTAINER_METADATA_URI_V4 = '' } = env;
  const task = /\/v4\/([0-9a-f]{32})-\d+$/.exec(ECS_CONTAINER_METADATA_URI_V4)?.[1];
  return (AWS_EXECUTION_ENV === 'AWS_ECS_FARGATE' && task) || hostname;
}

/**
 * A name as rows, queue names and log lines carry it: without a domain, of `[A-Za-z0-9_-]`, at most
 * 20 characters. A longer name keeps its beginning and its end, where pod names differ.
 * Returns the empty string for a name without a letter or a digit.
 *
 * `ip-10-0-12-34.eu-west-1.compute.internal` becomes `ip-10-0-12-34`, and
 * `billing-agent-7d9f8b6c5-x2x4z` becomes `billing-agen-5-x2x4z`.
 */
export function instanceName(name: string): string {
  const [host = ''] = name.split('.');
  const plain = host.replace(/[^A-Za-z0-9_-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  if (plain.length <= MAX_LENGTH) return plain;
  const head = plain.slice(0, MAX_LENGTH - TAIL_LENGTH - 1);
  return `${head}-${plain.slice(-TAIL_LENGTH).replace(/^-/, '')}`;
}
