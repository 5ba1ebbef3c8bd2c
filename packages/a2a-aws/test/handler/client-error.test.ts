import { BackendError, type LogFields, silentLogger } from '@a2a-aws/core';
import { loggerOf } from '@a2a-aws/core/internal';
import { TestClock } from '@a2a-aws/testkit/fakes';
import { A2AError } from '@a2a-js/sdk/errors';
import { ServerCallContext } from '@a2a-js/sdk/server';
import { expect, test } from 'vitest';
import type { Connection } from '../../src/connections/connection.ts';
import { clientError } from '../../src/handler/client-error.ts';
import { FailedRequest } from '../../src/handler/failed-request.ts';
import { UserErrors } from '../../src/user-code/user-error-reports.ts';

function answered(error: unknown, taskId?: string) {
  let retries = 0;
  const lines: (LogFields & { event: string })[] = [];
  const logger = loggerOf((level, event, fields) => lines.push({ level, event, ...fields }));
  const connection = { retryLater: () => retries++ } as unknown as Connection;
  const scopeOf = () => ({ tenant: 'acme', owner: 'ann' });
  const clock = new TestClock();
  const context = new ServerCallContext({ requestedVersion: '1.0' });
  const request = new FailedRequest('GetTask', taskId, context, { clock, scopeOf });
  const errors = new UserErrors({ logErrorMessages: false }, silentLogger);
  const answer = clientError(error, connection, { logger, errors, request });
  return { answer, lines, isRetryable: retries > 0 };
}

test.each([
  ['credentials-missing', true],
  ['throttled', true],
  ['unreachable', true],
  ['draining', true],
  ['access-denied', false],
  ['configuration', false],
  ['corrupt-log', false],
] as const)('a client is told to try again after %s: %s', (code, retryable) => {
  const { answer, lines, isRetryable } = answered(new BackendError(code, 'text'));
  expect(answer).toBeInstanceOf(A2AError);
  expect(isRetryable).toBe(retryable);
  expect(lines).toMatchObject([
    {
      level: retryable ? 'warn' : 'error',
      event: retryable ? 'request.refused' : 'request.failed',
      code,
      method: 'GetTask',
      owner: expect.stringMatching(/^[0-9a-f]{8}$/),
      durationMs: 0,
    },
  ]);
});

test('a task id is logged if it has the form of ours, and only then', () => {
  const id = '0b6e1f8a-1111-8222-9333-444455556666';
  const error = new BackendError('unreachable', 'text');
  expect(answered(error, id).lines).toMatchObject([{ taskId: id }]);
  expect(JSON.stringify(answered(error, 'marker').lines)).not.toContain('marker');
});
