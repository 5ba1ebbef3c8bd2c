import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { expect, test } from 'vitest';
import { plainItem } from '../../src/table/plain-item.ts';

test('an item is read as lib-dynamodb reads it', () => {
  const item = marshall({
    pk: 'a#task',
    text: '€ 𝄞 漢字 \u0000',
    empty: '',
    zero: 0,
    count: 1_700_000_000_000,
    negative: -5,
    share: 0.25,
    large: 2n ** 60n,
    bytes: Buffer.from([0, 1, 255]),
    none: Buffer.alloc(0),
    yes: true,
    no: false,
    nothing: null,
    list: ['a', 1],
    map: { a: { b: 1 } },
  });
  expect(plainItem(item)).toEqual(unmarshall(item));
  expect(plainItem(item)).toMatchObject({ count: 1_700_000_000_000, text: '€ 𝄞 漢字 \u0000' });
});
