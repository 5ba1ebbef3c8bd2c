/** What a cloud service's client threw, as far as any of its services says it alike. */
interface ServiceErrorShape {
  readonly name?: unknown;
  /** What the query protocol calls it; a client may carry both. */
  readonly Code?: unknown;
  readonly message?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: unknown };
}

const DENIED =
  /^(AccessDenied|Authorization|InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|InvalidSignature|IncompleteSignature|ExpiredToken|RequestExpired|InvalidAccessKeyId|MissingAuthenticationToken|NotAuthorized|OptInRequired|InvalidSecurity|KMS_?AccessDenied|CredentialsProviderError|TokenProviderError)/i;

const PASSING =
  /Throttl|OverLimit|TooManyRequests|RequestLimitExceeded|ThroughputExceeded|SlowDown|InternalError|InternalFailure|InternalServerError|ServiceUnavailable|ConcurrentAccess|Timeout|TransactionConflict/i;

/**
 * - `denied`: the credentials are missing, wrong, or lack a permission
 * - `passing`: no answer, throttled, or the service is failing: the same call may succeed later
 * - `refused`: the same call would be refused again
 * - `unconfigured`: the client has no region to call, or a malformed one
 */
export type ServiceFault = 'denied' | 'passing' | 'refused' | 'unconfigured';

/** The names an error goes by, without a vendor's prefix (`AWS.SimpleQueueService.` and the like). */
export function serviceErrorNames(error: unknown): string[] {
  const { name, Code } = (error ?? {}) as ServiceErrorShape;
  return [name, Code]
    .filter((value) => typeof value === 'string')
    .map((value) => value.slice(value.lastIndexOf('.') + 1));
}

/** True for an error name, or a failed entry's code, that another try may not meet. */
export function isPassingName(name: string | undefined): boolean {
  return name !== undefined && PASSING.test(name);
}

/**
 * Sorts what a service's client threw. What has no known name is judged by its HTTP status: 401 and
 * 403 are `denied`, 408 and 429 `passing`, any other 4xx `refused`; 5xx or no answer is `passing`.
 */
export function serviceFault(error: unknown): ServiceFault {
  const { message, $metadata } = (error ?? {}) as ServiceErrorShape;
  const status = typeof $metadata?.httpStatusCode === 'number' ? $metadata.httpStatusCode : 0;
  const names = serviceErrorNames(error);
  if (names.some((name) => DENIED.test(name))) return 'denied';
  if (names.some(isPassingName) || status === 408 || status === 429) return 'passing';
  if (status === 401 || status === 403) return 'denied';
  // The client has no class for these, and no other try mends them.
  if (/^Region (is missing|not accepted)/.test(String(message))) return 'unconfigured';
  return status >= 400 && status < 500 ? 'refused' : 'passing';
}
