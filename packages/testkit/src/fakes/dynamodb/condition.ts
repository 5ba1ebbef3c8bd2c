import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { compareValues, equalValues, type StoredItem } from './attribute.ts';
import { ExpressionReader, type Placeholders } from './expression-reader.ts';

/** An attribute of the item, or a value of the request. */
export type Operand = { readonly name: string } | { readonly value: AttributeValue };

type Comparator = '=' | '<>' | '<' | '<=' | '>' | '>=';

/** A condition, filter or key condition. */
export type Condition =
  | { readonly kind: 'and' | 'or'; readonly left: Condition; readonly right: Condition }
  | { readonly kind: 'not'; readonly of: Condition }
  | {
      readonly kind: 'compare';
      readonly by: Comparator;
      readonly left: Operand;
      readonly right: Operand;
    }
  | {
      readonly kind: 'between';
      readonly of: Operand;
      readonly low: Operand;
      readonly high: Operand;
    }
  | { readonly kind: 'in'; readonly of: Operand; readonly list: readonly Operand[] }
  | { readonly kind: 'exists'; readonly name: string; readonly exists: boolean }
  | { readonly kind: 'begins'; readonly of: Operand; readonly prefix: Operand };

const COMPARATORS: readonly Comparator[] = ['=', '<>', '<=', '<', '>=', '>'];

/**
 * Reads a condition, filter or key condition: top-level attributes, comparisons, BETWEEN, IN, AND,
 * OR, NOT, attribute_exists, attribute_not_exists, begins_with. Anything else is refused.
 *
 * Source: Amazon DynamoDB developer guide, "Condition and filter expressions, operators, and
 * functions".
 */
export function parseCondition(text: string, placeholders: Placeholders): Condition {
  const reader = new ExpressionReader(text, placeholders);
  const condition = parseOr(reader);
  reader.end();
  return condition;
}

/** True if the condition holds for this item, or for no item. */
export function holds(condition: Condition, item: StoredItem | undefined): boolean {
  switch (condition.kind) {
    case 'and':
      return holds(condition.left, item) && holds(condition.right, item);
    case 'or':
      return holds(condition.left, item) || holds(condition.right, item);
    case 'not':
      return !holds(condition.of, item);
    case 'exists':
      return (item?.[condition.name] !== undefined) === condition.exists;
    case 'compare':
      return compares(condition.by, resolve(condition.left, item), resolve(condition.right, item));
    case 'between': {
      const of = resolve(condition.of, item);
      return (
        compares('>=', of, resolve(condition.low, item)) &&
        compares('<=', of, resolve(condition.high, item))
      );
    }
    case 'in': {
      const of = resolve(condition.of, item);
      return condition.list.some((one) => compares('=', of, resolve(one, item)));
    }
    case 'begins': {
      const [of, prefix] = [resolve(condition.of, item), resolve(condition.prefix, item)];
      return of?.S !== undefined && prefix?.S !== undefined && of.S.startsWith(prefix.S);
    }
  }
}

function parseOr(reader: ExpressionReader): Condition {
  let left = parseAnd(reader);
  while (reader.takes('OR')) left = { kind: 'or', left, right: parseAnd(reader) };
  return left;
}

function parseAnd(reader: ExpressionReader): Condition {
  let left = parseNot(reader);
  while (reader.takes('AND')) left = { kind: 'and', left, right: parseNot(reader) };
  return left;
}

function parseNot(reader: ExpressionReader): Condition {
  if (reader.takes('NOT')) return { kind: 'not', of: parseNot(reader) };
  if (!reader.takes('(')) return parseTest(reader);
  const inner = parseOr(reader);
  reader.expect(')');
  return inner;
}

function parseTest(reader: ExpressionReader): Condition {
  for (const [name, exists] of EXISTENCE) {
    if (!reader.takes(name)) continue;
    reader.expect('(');
    const attribute = reader.placeholders.name(reader.next());
    reader.expect(')');
    return { kind: 'exists', name: attribute, exists };
  }
  if (reader.takes('begins_with')) {
    reader.expect('(');
    const of = parseOperand(reader);
    reader.expect(',');
    const prefix = parseOperand(reader);
    reader.expect(')');
    return { kind: 'begins', of, prefix };
  }
  const left = parseOperand(reader);
  if (reader.takes('BETWEEN')) {
    const low = parseOperand(reader);
    reader.expect('AND');
    return { kind: 'between', of: left, low, high: parseOperand(reader) };
  }
  if (reader.takes('IN')) {
    reader.expect('(');
    const list = [parseOperand(reader)];
    while (reader.takes(',')) list.push(parseOperand(reader));
    reader.expect(')');
    return { kind: 'in', of: left, list };
  }
  const by = COMPARATORS.find((comparator) => reader.takes(comparator));
  if (!by) throw reader.wrong();
  return { kind: 'compare', by, left, right: parseOperand(reader) };
}

const EXISTENCE = [
  ['attribute_exists', true],
  ['attribute_not_exists', false],
] as const;

function parseOperand(reader: ExpressionReader): Operand {
  const token = reader.next();
  if (token.startsWith(':')) return { value: reader.placeholders.value(token) };
  if (!/^#?\w+$/.test(token)) throw reader.wrong();
  return { name: reader.placeholders.name(token) };
}

function resolve(operand: Operand, item: StoredItem | undefined): AttributeValue | undefined {
  return 'value' in operand ? operand.value : item?.[operand.name];
}

function compares(
  by: Comparator,
  left: AttributeValue | undefined,
  right: AttributeValue | undefined,
): boolean {
  if (!left || !right) return by === '<>';
  if (by === '=') return equalValues(left, right);
  if (by === '<>') return !equalValues(left, right);
  const order = compareValues(left, right);
  if (order === undefined) return false;
  switch (by) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}
