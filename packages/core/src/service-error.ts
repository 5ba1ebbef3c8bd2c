import type { CallDetails } from './errors.ts';
import { overriding } from './overriding.ts';

/** The fields that errors of all cloud service clients have in common. */
interface ServiceErrorShape {
  readonly name?: unknown;
  /** The error's name in the query protocol; an error may have both. */
  readonly Code?: unknown;
  /** The code of a Node error, such as `ECONNREFUSED`. */
  readonly code?: unknown;
  readonly message?: unknown;
  readonly $metadata?: {
    readonly httpStatusCode?: unknown;
    readonly requestId?: unknown;
    readonly attempts?: unknown;
  };
}

/**
 * The provider chain found no credentials, or found expired ones. Another try may find new ones.
 */
const MISSING =
  /^(CredentialsProviderError|ProviderError|TokenProviderError|ExpiredToken|RequestExpired|TokenRefreshRequired|ExpiredIdentityToken|IDPCommunicationError)/i;

const DENIED =
  /^(AccessDenied|Authorization|InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|InvalidSignature|IncompleteSignature|InvalidAccessKeyId|MissingAuthenticationToken|NotAuthorized|OptInRequired|InvalidSecurity|KMS_?AccessDenied)/i;

const THROTTLED =
  /Throttl|OverLimit|TooManyRequests|RequestLimitExceeded|ThroughputExceeded|SlowDown|BandwidthLimitExceeded/i;

const PASSING =
  /InternalError|InternalFailure|InternalServerError|ServiceUnavailable|ConcurrentAccess|Timeout|TransactionConflict|TransactionInProgress|RequestTimeTooSkewed/i;

/**
 * The kind of a service's failure.
 *
 * - `missing`: there are no credentials now, or they have expired; the same call may succeed later
 * - `denied`: the credentials are wrong, or lack a permission
 * - `throttled`: there were too many calls; the same call may succeed later
 * - `passing`: no answer, or the service is failing; the same call may succeed later
 * - `refused`: the same call would be refused again
 * - `unconfigured`: the client has no region to call, or a malformed one
 */
export type ServiceFault =
  | 'missing'
  | 'denied'
  | 'throttled'
  | 'passing'
  | 'refused'
  | 'unconfigured';

/** Returns an error's names without a vendor's prefix (such as `AWS.SimpleQueueService.`). */
export function serviceErrorNames(error: unknown): string[] {
  const { name, Code } = (error ?? {}) as ServiceErrorShape;
  return [name, Code]
    .filter((value) => typeof value === 'string')
    .map((value) => value.slice(value.lastIndexOf('.') + 1));
}

/** Returns true for an error name, or a failed entry's code, of a transient failure. */
export function isPassingName(name: string | undefined): boolean {
  if (name === undefined) return false;
  return PASSING.test(name) || THROTTLED.test(name) || MISSING.test(name);
}

/**
 * Classifies the error of a service's client. An error without a known name is classified by its
 * HTTP status: 401 and 403 are `denied`, 408 is `passing`, 429 is `throttled`, any other 4xx is
 * `refused`; 5xx or no answer is `passing`.
 */
export function serviceFault(error: unknown): ServiceFault {
  const { message, $metadata } = (error ?? {}) as ServiceErrorShape;
  const status = typeof $metadata?.httpStatusCode === 'number' ? $metadata.httpStatusCode : 0;
  const names = serviceErrorNames(error);
  const isNamed = (pattern: RegExp): boolean => names.some((name) => pattern.test(name));
  if (isNamed(MISSING)) return 'missing';
  if (isNamed(DENIED)) return 'denied';
  if (isNamed(THROTTLED) || status === 429) return 'throttled';
  if (isNamed(PASSING) || status === 408) return 'passing';
  if (status === 401 || status === 403) return 'denied';
  // The client has no error class for these, and no other try succeeds.
  if (/^Region (is missing|not accepted)/.test(String(message))) return 'unconfigured';
  return status >= 400 && status < 500 ? 'refused' : 'passing';
}

const operations = new WeakMap<object, string>();

/** The part of an AWS SDK client that {@link tracedClient} replaces. */
interface Sender {
  send(...args: never[]): unknown;
}

/**
 * Returns the same client, but {@link callDetails} can name the operation of its errors. Only
 * `send` is replaced; everything else is inherited.
 */
export function tracedClient<Client extends object>(client: Client): Client {
  const { send } = client as Client & Partial<Sender>;
  if (typeof send !== 'function') return client;
  const traced = (...args: never[]): unknown => {
    const answer: unknown = send.apply(client, args);
    if (answer instanceof Promise) answer.catch((error) => note(error, args[0]));
    return answer;
  };
  return overriding(client, { send: traced } as unknown as Partial<Client>);
}

function note(error: unknown, command: unknown): void {
  if (typeof error !== 'object' || error === null || operations.has(error)) return;
  const operation = operationOf(command);
  if (operation !== undefined) operations.set(error, operation);
}

/** Returns the name of the command's schema, because a bundler may have renamed its class. */
function operationOf(command: unknown): string | undefined {
  const { schema, clientCommand } = (command ?? {}) as {
    readonly schema?: unknown;
    readonly clientCommand?: unknown;
  };
  if (Array.isArray(schema)) return matching(schema[2], /^[A-Z][A-Za-z]{1,63}$/);
  return clientCommand === undefined ? undefined : operationOf(clientCommand);
}

/** Names of errors that are less specific than their code. */
const PLAIN = new Set(['Error', 'TypeError', 'AggregateError', 'SystemError']);

/**
 * Returns the known facts about a failed call. Every part has a fixed form; no free text of an
 * answer is included.
 */
export function callDetails(error: unknown): CallDetails {
  if (typeof error !== 'object' || error === null) return {};
  const { code, $metadata, message } = error as ServiceErrorShape;
  const [name] = serviceErrorNames(error);
  const named = matching(name, /^[A-Za-z][\w-]{0,63}$/);
  const coded = matching(code, /^E[A-Z0-9_]{2,40}$/);
  const attempts = $metadata?.attempts;
  return {
    operation: operations.get(error),
    cause: named === undefined || PLAIN.has(named) ? (coded ?? named) : named,
    requestId: matching($metadata?.requestId, /^[A-Za-z0-9-]{8,64}$/),
    attempts: Number.isSafeInteger(attempts) ? (attempts as number) : undefined,
    ...deniedAction(message),
  };
}

/** Source: AWS IAM user guide, "Troubleshoot access denied error messages". */
const NOT_AUTHORIZED =
  /^User: \S{1,2048} is not authorized to perform: ([A-Za-z0-9-]{1,32}:[A-Za-z*]{1,64})(?: on resource: (arn:[A-Za-z0-9_:/.*+=,@-]{1,512}))?/;

function deniedAction(message: unknown): Pick<CallDetails, 'action' | 'resource'> {
  if (typeof message !== 'string') return {};
  const [, action, resource] = NOT_AUTHORIZED.exec(message) ?? [];
  return action === undefined ? {} : { action, resource: resource?.replace(/[.,]+$/, '') };
}

function matching(value: unknown, form: RegExp): string | undefined {
  return typeof value === 'string' && form.test(value) ? value : undefined;
}
