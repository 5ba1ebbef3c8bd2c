import { describe, expect, test } from 'vitest';
import { queueName, queueNamePattern } from '../../src/queue/queue-definition.ts';

describe('queueName', () => {
  test('joins prefix and instance', () => {
    expect(queueName('a2a-prod', 'web_1-Zx')).toBe('a2a-prod-web_1-Zx');
  });

  test('takes 80 characters and not one more', () => {
    expect(queueName('p', 'i'.repeat(78))).toHaveLength(80);
    expect(() => queueName('p', 'i'.repeat(79))).toThrow(
      expect.objectContaining({ code: 'configuration' }),
    );
  });

  test.each([
    ['p', 'a.fifo'],
    ['p', 'a*'],
    ['p', 'ü'],
    ['p', 'a\n'],
    ['', 'a'],
    ['p', ''],
  ])('refuses %j with %j, and does not repeat them', (prefix, instance) => {
    const attempt = (): string => queueName(prefix, instance);
    expect(attempt).toThrow(expect.objectContaining({ code: 'configuration' }));
    if (instance.length > 1) expect(attempt).not.toThrow(instance);
  });

  test('is matched by the pattern of its prefix', () => {
    expect(queueNamePattern('a2a')).toBe('a2a-*');
    expect(queueName('a2a', 'x').startsWith('a2a-')).toBe(true);
  });
});
