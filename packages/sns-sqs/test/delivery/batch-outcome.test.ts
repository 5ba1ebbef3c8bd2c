import { expect, test } from 'vitest';
import { entryOutcomes } from '../../src/delivery/batch-outcome.ts';

test('returns the outcome of every entry', () => {
  const answer = {
    Successful: [{ Id: '4' }, { Id: '0' }],
    Failed: [
      { Id: '1', Code: 'InvalidParameter', SenderFault: true },
      { Id: '2', Code: 'InternalError', SenderFault: false },
      { Id: '3', Code: 'Throttled', SenderFault: true },
    ],
  };
  expect(entryOutcomes(6, answer)).toEqual([
    'taken',
    'refused',
    'failed',
    'failed',
    'taken',
    'failed',
  ]);
});

test('ignores ids that were not sent', () => {
  const answer = { Successful: [{ Id: '7' }, { Id: 'x' }, {}], Failed: [{ Id: '9' }] };
  expect(entryOutcomes(2, answer)).toEqual(['failed', 'failed']);
});
