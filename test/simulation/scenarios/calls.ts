import type { CallOutcome, FakeCall } from '@a2a-aws/testkit/fakes';

/** The call is lost. */
export const LOST: CallOutcome = { acts: [], answers: 3_000, fails: 'time-out' };

/** The service acts at once, but its answer takes `ms` milliseconds. */
export function slow(ms: number): CallOutcome {
  return { acts: [3], answers: ms };
}

export function sortKey(input: unknown): string {
  const { Item, Key } = (input ?? {}) as Record<string, Record<string, unknown> | undefined>;
  return String((Item ?? Key)?.sk ?? '');
}

function values(input: unknown): unknown[] {
  const { ExpressionAttributeValues = {} } = input as Record<string, Record<string, unknown>>;
  return Object.values(ExpressionAttributeValues);
}

export function isHead({ operation, input }: FakeCall): boolean {
  return operation === 'UpdateItem' && sortKey(input) === 'task';
}

export function isRecord({ operation, input }: FakeCall): boolean {
  return operation === 'PutItem' && sortKey(input).startsWith('event#');
}

export function isNewLease({ operation, input }: FakeCall): boolean {
  const { Item } = input as Record<string, Record<string, unknown> | undefined>;
  return operation === 'PutItem' && Item?.queueName !== undefined;
}

export function isBeat({ operation, input }: FakeCall): boolean {
  return operation === 'UpdateItem' && JSON.stringify(input).includes('beat');
}

export function isSnapshotRead({ operation, input }: FakeCall): boolean {
  return operation === 'GetItem' && sortKey(input).startsWith('snap#');
}

export function isWatchersQuery({ operation, input }: FakeCall): boolean {
  return (
    operation === 'Query' &&
    JSON.stringify(values(input)).includes('#T#') &&
    JSON.stringify(values(input)).includes('"watch#')
  );
}

export function declaresDead(input: unknown): boolean {
  return values(input).includes('dead');
}

/** The row of a watch, or its index row. */
export function isWatch({ operation, input }: FakeCall): boolean {
  return operation === 'PutItem' && sortKey(input).startsWith('watch#');
}

/** Returns whether a call reads this task's records. */
export function isRecordsQuery(taskId: string): (call: FakeCall) => boolean {
  return ({ operation, input }) =>
    operation === 'Query' &&
    JSON.stringify(values(input)).includes(`#${taskId}"`) &&
    JSON.stringify(values(input)).includes('"event#');
}
