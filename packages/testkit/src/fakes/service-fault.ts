/** An error as a client of the AWS SDK throws it. */
export class FakeServiceError extends Error {
  readonly $metadata: { readonly httpStatusCode?: number };

  constructor(name: string, message: string, httpStatusCode?: number) {
    super(message);
    this.name = name;
    this.$metadata = httpStatusCode === undefined ? {} : { httpStatusCode };
  }
}

export function invalid(message: string): FakeServiceError {
  return new FakeServiceError('ValidationException', message, 400);
}

/** The error of a client that gets no answer, or an answer other than success. */
export function failure(kind: 'time-out' | 'throttled' | 'unavailable'): FakeServiceError {
  switch (kind) {
    case 'time-out':
      return new FakeServiceError('TimeoutError', 'The service did not answer in time.');
    case 'throttled':
      return new FakeServiceError('ThrottlingException', 'Rate exceeded.', 400);
    case 'unavailable':
      return new FakeServiceError('ServiceUnavailable', 'The service is not available.', 503);
  }
}
