import { invalid } from '../service-fault.ts';
import type { Condition, Operand } from './condition.ts';

/** Which items of which partition a query asks for; both bounds belong to the range. */
export interface KeyRange {
  readonly partition: string;
  /** @default from the first */
  readonly from?: string | undefined;
  /** Narrows the range; all but the bounds that save work. */
  readonly condition: Condition;
}

/** Reads a key condition: the partition's equality, and at most one test of the sort key. */
export function keyRange(
  condition: Condition,
  keys: { readonly partition: string; readonly sort: string },
): KeyRange {
  const tests = condition.kind === 'and' ? [condition.left, condition.right] : [condition];
  const partition = tests.map((test) => equality(test, keys.partition)).find((key) => key);
  if (!partition) throw invalid('Query condition missed key schema element.');
  const sort = tests.find((test) => equality(test, keys.partition) === undefined);
  if (sort && !isAbout(sort, keys.sort)) throw invalid('Query key condition not supported.');
  return { partition, from: sort && lowerBound(sort), condition };
}

function equality(test: Condition, name: string): string | undefined {
  if (test.kind !== 'compare' || test.by !== '=') return undefined;
  return 'name' in test.left && test.left.name === name ? text(test.right) : undefined;
}

function isAbout(test: Condition, name: string): boolean {
  const operand = test.kind === 'compare' ? test.left : 'of' in test ? test.of : undefined;
  return operand !== undefined && 'name' in operand && operand.name === name;
}

function lowerBound(test: Condition): string | undefined {
  if (test.kind === 'between') return text(test.low);
  if (test.kind === 'begins') return text(test.prefix);
  if (test.kind === 'compare' && ['=', '>', '>='].includes(test.by)) return text(test.right);
  return undefined;
}

function text(operand: Operand): string | undefined {
  return 'value' in operand ? operand.value.S : undefined;
}
