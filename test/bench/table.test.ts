import { expect, it } from 'vitest';
import type { Row } from './row.ts';
import { table } from './table.ts';

const rows: Row[] = [
  { group: 'Speed', label: 'fast', value: 1.234, unit: 'ms', target: { atMost: 2 } },
  { group: 'Speed', label: 'part', value: 12_345, unit: 'bytes', detail: true },
  { group: 'Size', label: 'small', value: 5, unit: '×', target: { atLeast: 10 } },
];

it('prints each figure beside its target, and whether it meets the target', () => {
  expect(table(rows).split('\n')).toEqual([
    'figure        measured  target',
    '',
    'Speed',
    '  fast         1.23 ms  ≤ 2 ms  met',
    '    part  12,345 bytes',
    '',
    'Size',
    '  small            5 ×  ≥ 10 ×  MISSED',
  ]);
});
