import { consumerOffsetsSuite } from '@a2a-aws/testkit';
import { expect, test } from 'vitest';
import { MemoryConsumerOffsets } from '../../src/memory/memory-consumer-offsets.ts';
import { placeAt } from '../../src/model/place.ts';
import { KEY } from '../fixtures/events.ts';

consumerOffsetsSuite('MemoryConsumerOffsets', async () => ({
  offsets: new MemoryConsumerOffsets(),
  dispose: async () => {},
}));

test('the offsets of a task that is not kept any more go with it', async () => {
  const offsets = new MemoryConsumerOffsets();
  const other = { ...KEY, taskId: 'task-2' };
  for (const key of [KEY, other]) await offsets.save(key, 'a', placeAt(1));
  offsets.forget(KEY);
  expect(await offsets.load(KEY, 'a')).toBeUndefined();
  expect(await offsets.load(other, 'a')).toBeDefined();
});
