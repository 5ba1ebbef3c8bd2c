import { systemEntropy } from '@a2a-aws/core';
import { shortId } from '@a2a-aws/core/internal';
import { describe, expect, test } from 'vitest';
import { leastFullShard, shardedId, shardOf } from '../../src/topic/topic-shards.ts';

const NONCE = 'abcdefghijklmn_-';

describe('the id of an instance', () => {
  test('names its topic, whatever its name and nonce look like', () => {
    for (const name of ['i', 'web-s7', 'a-s1-0123456789abcdef', '-s3-']) {
      for (const shard of [0, 1, 12, 9_999]) {
        expect(shardOf(shardedId(name, shard, NONCE))).toBe(shard);
        expect(shardOf(shardedId(name, shard, shortId(systemEntropy.id())))).toBe(shard);
        expect(shardOf(shardedId(name, shard, '-s5-------------'))).toBe(shard);
      }
    }
  });

  test('that names none is on the first', () => {
    for (const id of ['', 'i', '*', `i-${NONCE}`, `i-s2-${NONCE}x`, 'i-s2-short']) {
      expect(shardOf(id)).toBe(0);
    }
  });
});

describe('the topic of a new instance', () => {
  const living = (...shards: number[]): string[] =>
    shards.map((shard) => shardedId('i', shard, shortId(systemEntropy.id())));

  test('is the one with the fewest live instances', () => {
    expect(leastFullShard(1, living(0, 0), 0.5)).toBe(0);
    expect(leastFullShard(3, living(0, 0, 1, 2, 2), 0.99)).toBe(1);
  });

  test('is any of those that have equally few', () => {
    expect([0, 0.34, 0.67, 0.999].map((random) => leastFullShard(3, [], random))).toEqual([
      0, 1, 2, 2,
    ]);
    expect([0, 0.6].map((random) => leastFullShard(3, living(0), random))).toEqual([1, 2]);
  });

  test('is a topic that is known here, even if live instances are on others', () => {
    expect(leastFullShard(2, living(0, 5, 7), 0)).toBe(1);
  });
});
