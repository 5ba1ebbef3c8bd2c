import { describe, expect, test } from 'vitest';
import { queueTag } from '../../src/queue/queue-definition.ts';
import { isMarked } from '../../src/queue/queue-mark.ts';

const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:events';
const TABLE = 'arn:aws:dynamodb:eu-west-1:123456789012:table/tasks';
const MARK = { instance: 'i-1', prefix: 'a2a', topicArns: [TOPIC], table: TABLE };
const TAGS = {
  [queueTag.instance]: 'i-1',
  [queueTag.prefix]: 'a2a',
  [queueTag.topic]: TOPIC,
  [queueTag.table]: TABLE,
};

describe("a queue's tags", () => {
  test('prove that the queue belongs to the fleet of the table', () => {
    expect(isMarked(TAGS, MARK)).toBe(true);
  });

  test.each([
    ['are missing', undefined],
    ['name another instance', { ...TAGS, [queueTag.instance]: 'i-2' }],
    ['name another prefix', { ...TAGS, [queueTag.prefix]: 'b2b' }],
    ['name another topic', { ...TAGS, [queueTag.topic]: `${TOPIC}-2` }],
    ['name a restored table', { ...TAGS, [queueTag.table]: `${TABLE}-restored` }],
    [
      'name the table of another region',
      { ...TAGS, [queueTag.table]: TABLE.replace('eu-west-1', 'us-east-1') },
    ],
    [
      'name the table of another account',
      { ...TAGS, [queueTag.table]: TABLE.replace('123456789012', '210987654321') },
    ],
    ['name the table by its name alone', { ...TAGS, [queueTag.table]: 'tasks' }],
  ])('prove nothing if they %s', (_, tags) => {
    expect(isMarked(tags, MARK)).toBe(false);
  });

  test('of an older release may name the table by its name', () => {
    const tags = { ...TAGS, [queueTag.table]: 'tasks' };
    expect(isMarked(tags, MARK, 'also-by-name')).toBe(true);
    const moved = { ...MARK, table: TABLE.replace('eu-west-1', 'us-east-1') };
    expect(isMarked(tags, moved, 'also-by-name')).toBe(false);
    const restored = { ...MARK, table: `${TABLE}-restored` };
    expect(isMarked(tags, restored, 'also-by-name')).toBe(false);
  });

  test('of a fleet without a topic name none', () => {
    const { [queueTag.topic]: _, ...tags } = TAGS;
    expect(isMarked(tags, { ...MARK, topicArns: [] })).toBe(true);
    expect(isMarked(tags, MARK)).toBe(false);
    expect(isMarked(TAGS, { ...MARK, topicArns: [] })).toBe(false);
  });
});
