import { describe, expect, test } from 'vitest';
import { type RecoverySituation, recoveryOf, recoveryStep } from '../../src/fleet/recovery-step.ts';

const SERVER: RecoverySituation = {
  role: 'server',
  recovery: 'yes',
  isReady: true,
  othersServe: false,
  hasWaited: false,
};

test('an instance can resume runs once it has a resumer', () => {
  expect(recoveryOf(() => {})).toBe('yes');
  expect(recoveryOf(undefined)).toBe('no');
  expect(recoveryOf('undecided')).toBe('undecided');
});

describe('[I6] the resumable runs of a dead instance', () => {
  test.each([
    ['are resumed by a server that can', {}, 'resume'],
    ['are resumed also while other servers live', { othersServe: true }, 'resume'],
    ['are left by a server that is stopping', { isReady: false }, 'refuse'],
    ['are ended by a server that cannot resume them', { recovery: 'no' }, 'end'],
    ['are ended by such a server also while it stops', { recovery: 'no', isReady: false }, 'end'],
    ['wait for the first handler', { recovery: 'undecided' }, 'wait'],
    ['wait for it also while others serve', { recovery: 'undecided', othersServe: true }, 'wait'],
    ['wait for it no longer than a lease', { recovery: 'undecided', hasWaited: true }, 'end'],
    ['are left to servers by a janitor', { role: 'janitor', othersServe: true }, 'wait'],
    ['are ended by a janitor without servers', { role: 'janitor' }, 'end'],
    ['are never resumed by a janitor', { role: 'janitor', recovery: 'yes' }, 'end'],
  ] as const)('%s', (_, about, step) => {
    expect(recoveryStep({ ...SERVER, ...about })).toBe(step);
  });
});
