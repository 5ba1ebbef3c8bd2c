import type { ListFilter } from '@a2a-aws/core';
import { isTerminal } from '@a2a-aws/core/internal';
import { TaskState } from '@a2a-js/sdk';
import { timeText } from '../table/keys.ts';
import type { IndexQuery } from '../table/table.ts';
import { attribute, INDEXED_FIELDS, type IndexDefinition } from '../table/table-definition.ts';

const TERMINAL = Object.values(TaskState).filter(
  (state) => typeof state === 'number' && isTerminal(state),
);
const ENDS = Object.fromEntries(TERMINAL.map((state) => [`end${state}`, state]));
const HAS_ENDED = `#state IN (${Object.keys(ENDS).map((name) => `:${name}`)})`;

/** The attributes that lists read from an index: not the whole key, nor those that they filter by. */
const FIELDS: readonly string[] = [attribute.partition, attribute.statusSort, ...INDEXED_FIELDS];

/**
 * The query for the tasks that pass a filter, in one partition of an index. Latest first: a task that
 * rises while it is read is missed rather than read twice.
 */
export function listedItems(
  index: IndexDefinition,
  partition: string,
  { state, after, endedSince }: ListFilter,
): IndexQuery {
  const conditions = [
    { expression: `NOT (${HAS_ENDED} AND #at < :since)`, values: { ...ENDS, since: endedSince } },
    ...(state === undefined ? [] : [{ expression: '#state = :state', values: { state } }]),
    ...(after === undefined ? [] : [{ expression: '#t > :after', values: { after } }]),
  ];
  return {
    index,
    partition,
    // No timestamp of a task is after its latest: nothing is left out that passes the filter.
    above: after !== undefined && after >= 0 ? timeText(after) : undefined,
    fields: FIELDS,
    filter: {
      expression: conditions.map(({ expression }) => expression).join(' AND '),
      values: Object.assign({}, ...conditions.map(({ values }) => values)),
    },
  };
}
