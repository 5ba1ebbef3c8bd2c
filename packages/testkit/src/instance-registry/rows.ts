import type { Intent, Lease, TaskKey, WatchRow } from '@a2a-aws/core';

export const KEY: TaskKey = { tenant: 'tenant', owner: 'owner', taskId: 'task-1' };
export const ADDRESS = {
  queueName: 'queue-a',
  queueUrl: 'http://queue/a',
  subscriptionArn: 'arn:a',
};

export const run = (id: string, fields: Partial<Intent> = {}): Intent => ({
  instance: 'a',
  run: id,
  key: KEY,
  purpose: 'execute',
  ...fields,
});

export const watch = (id: string, fields: Partial<WatchRow> = {}): WatchRow => ({
  instance: 'a',
  watch: id,
  key: KEY,
  ...fields,
});

export const byRun = (rows: readonly Intent[]): Intent[] =>
  rows.toSorted((a, b) => compare(a.run, b.run));
export const byWatch = <T extends { watch: string }>(rows: readonly T[]): T[] =>
  rows.toSorted((a, b) => compare(a.watch, b.watch));
export const names = (leases: readonly Lease[]): string[] =>
  leases.map((l) => l.instance).sort(compare);

export function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
