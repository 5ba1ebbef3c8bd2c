import { readFileSync } from 'node:fs';
import { BackendError, type BackendErrorCode, silentLogger } from '@a2a-aws/core';
import { TestClock } from '@a2a-aws/testkit/fakes';
import { RequestMalformedError } from '@a2a-js/sdk/errors';
import { ServerCallContext } from '@a2a-js/sdk/server';
import { describe, expect, test } from 'vitest';
import { clientError } from '../../src/handler/client-error.ts';
import { FailedRequest } from '../../src/handler/failed-request.ts';
import { UserErrors } from '../../src/user-code/user-error-reports.ts';

/** The compiler refuses this record if a code is missing or does not exist. */
const CODES: Record<BackendErrorCode, true> = {
  configuration: true,
  'table-not-found': true,
  'table-mismatch': true,
  'topic-not-found': true,
  'topic-mismatch': true,
  'access-denied': true,
  'credentials-missing': true,
  throttled: true,
  unreachable: true,
  'topic-full': true,
  'name-taken': true,
  'not-started': true,
  draining: true,
  sealed: true,
  fenced: true,
  'task-running': true,
  'backlog-full': true,
  overloaded: true,
  'event-too-large': true,
  'invalid-event': true,
  'unknown-event': true,
  'invalid-key': true,
  'queue-shut-down': true,
  'no-task-queue': true,
  'task-queue-exists': true,
  'queue-misuse': true,
  'agent-error': true,
  expired: true,
  diverged: true,
  'corrupt-log': true,
};

const page = readFileSync(new URL('../../../../docs/errors.md', import.meta.url), 'utf8');

/** The sections of the page that are about a code: heading and text. */
const sections = page
  .split(/^#{2,3} /m)
  .map((section): [heading: string, text: string] => {
    const end = section.indexOf('\n');
    return [section.slice(0, end), section.slice(end)];
  })
  .filter(([heading]) => heading.startsWith('`'));

/** Returns the name that the page gives to the answer of a client whose request fails with the code. */
function answerOf(code: BackendErrorCode): string {
  const clock = new TestClock();
  const scopeOf = () => ({ tenant: 'acme', owner: 'ann' });
  const context = new ServerCallContext({ requestedVersion: '1.0' });
  const answer = clientError(new BackendError(code, 'text'), undefined, {
    logger: silentLogger,
    errors: new UserErrors({ logErrorMessages: false }, silentLogger),
    request: new FailedRequest('GetTask', undefined, context, { clock, scopeOf }),
  });
  if (answer instanceof RequestMalformedError) return 'invalid request';
  return Object(answer).statusCode === 503 ? 'try again' : 'server error';
}

describe('docs/errors.md', () => {
  test('has one section for each code, and no other', () => {
    const headings = sections.map(([heading]) => heading.replaceAll('`', ''));
    expect(headings.toSorted()).toEqual(Object.keys(CODES).toSorted());
  });

  test.each(sections)('describes for %s the view of clients and the remedy', (heading, text) => {
    const [, told] = /^- Clients: (?:\*\*(.+?)\*\*|nothing\.)/m.exec(text) ?? [];
    expect(text).toMatch(/^- Clients: /m);
    expect(text).toMatch(/^- Do: /m);
    // A server that uses queues alone decides itself about the answers to its clients.
    expect(told ?? 'server error').toBe(answerOf(heading.replaceAll('`', '') as BackendErrorCode));
  });
});
