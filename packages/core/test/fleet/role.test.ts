import { expect, test } from 'vitest';
import { canLead, roleOf } from '../../src/fleet/role.ts';

test('a lease without the attribute is a server, also one of an older release', () => {
  expect(roleOf({})).toBe('server');
  expect(roleOf({ serves: true })).toBe('server');
  expect(roleOf({ serves: false })).toBe('janitor');
});

test.each([
  ['a live server can lead', { state: 'alive' }, true],
  ['a dead server cannot', { state: 'dead' }, false],
  ['a server that has resigned cannot', { state: 'alive', resigned: true }, false],
  ['a server that took its resignation back can', { state: 'alive', resigned: false }, true],
  ['a janitor cannot', { state: 'alive', serves: false }, false],
] as const)('%s', (_, lease, expected) => {
  expect(canLead(lease)).toBe(expected);
});
