import { cursorStoreSuite } from '@a2a-aws/testkit';
import { expect, test } from 'vitest';
import { memoryStore } from '../../src/stores/memory-store.ts';

cursorStoreSuite('memoryStore', async () => ({ store: memoryStore(), dispose: async () => {} }));

test('forgets the position that was set longest ago when it has 10,000', async () => {
  const store = memoryStore();
  for (let i = 0; i < 10_000; i += 1) await store.set(`${i}`, 'first');
  await store.set('0', 'again');
  await store.set('one more', 'first');
  expect(await store.get('0')).toBe('again');
  expect(await store.get('1')).toBeUndefined();
  expect(await store.get('2')).toBe('first');
});
