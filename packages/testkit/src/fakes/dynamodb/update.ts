import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { invalid } from '../service-fault.ts';
import type { StoredItem } from './attribute.ts';
import { ExpressionReader, type Placeholders } from './expression-reader.ts';

/** One change of an item; every right side reads the item as it was before. */
type Change = (before: StoredItem, after: Record<string, AttributeValue>) => void;

/**
 * Applies an update expression to an item: SET with values, attributes, if_not_exists, + and -,
 * REMOVE, and ADD of numbers, on top-level attributes. Anything else is refused.
 *
 * Source: Amazon DynamoDB developer guide, "Using update expressions in DynamoDB".
 */
export function parseUpdate(
  text: string,
  placeholders: Placeholders,
): (before: StoredItem) => StoredItem {
  const reader = new ExpressionReader(text, placeholders);
  const changes: Change[] = [];
  while (!reader.isDone) {
    const read = clause(reader);
    do changes.push(read(reader));
    while (reader.takes(','));
  }
  return (before) => {
    const after = { ...before };
    for (const change of changes) change(before, after);
    return after;
  };
}

function clause(reader: ExpressionReader): (reader: ExpressionReader) => Change {
  if (reader.takes('SET')) return parseSet;
  if (reader.takes('REMOVE')) return parseRemove;
  if (reader.takes('ADD')) return parseAdd;
  throw reader.wrong();
}

function parseSet(reader: ExpressionReader): Change {
  const name = reader.placeholders.name(reader.next());
  reader.expect('=');
  const value = parseSum(reader);
  return (before, after) => {
    after[name] = value(before);
  };
}

function parseRemove(reader: ExpressionReader): Change {
  const name = reader.placeholders.name(reader.next());
  return (_before, after) => {
    delete after[name];
  };
}

function parseAdd(reader: ExpressionReader): Change {
  const name = reader.placeholders.name(reader.next());
  const value = reader.placeholders.value(reader.next());
  return (before, after) => {
    after[name] = { N: String(numberOf(before[name] ?? { N: '0' }) + numberOf(value)) };
  };
}

type Term = (before: StoredItem) => AttributeValue;

function parseSum(reader: ExpressionReader): Term {
  const left = parseTerm(reader);
  for (const [token, sign] of [
    ['+', 1],
    ['-', -1],
  ] as const) {
    if (!reader.takes(token)) continue;
    const right = parseTerm(reader);
    return (before) => ({
      N: String(numberOf(left(before)) + sign * numberOf(right(before))),
    });
  }
  return left;
}

function parseTerm(reader: ExpressionReader): Term {
  if (reader.takes('if_not_exists')) {
    reader.expect('(');
    const name = reader.placeholders.name(reader.next());
    reader.expect(',');
    const otherwise = parseTerm(reader);
    reader.expect(')');
    return (before) => before[name] ?? otherwise(before);
  }
  const token = reader.next();
  if (token.startsWith(':')) {
    const value = reader.placeholders.value(token);
    return () => value;
  }
  const name = reader.placeholders.name(token);
  return (before) => {
    const value = before[name];
    if (!value) throw invalid('An update reads an attribute that the item does not have.');
    return value;
  };
}

function numberOf(value: AttributeValue): number {
  if (value.N === undefined) throw invalid('An operand of an update is no number.');
  return Number(value.N);
}
