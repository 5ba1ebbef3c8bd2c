import { expect, test } from 'vitest';
import { topicDefinition } from '../../src/topic/topic-definition.ts';

test('the topic is a standard topic', () => {
  expect(topicDefinition('events')).toEqual({ Name: 'events' });
});
