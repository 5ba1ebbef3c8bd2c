import { expect, it } from 'vitest';
import { median, quantile } from './quantile.ts';

const hundred = Array.from({ length: 100 }, (_, at) => 100 - at);

it('takes the nearest rank', () => {
  expect(quantile(hundred, 0.99)).toBe(99);
  expect(quantile(hundred, 1)).toBe(100);
  expect(quantile([5], 0)).toBe(5);
  expect(median([3, 1, 2])).toBe(2);
});
