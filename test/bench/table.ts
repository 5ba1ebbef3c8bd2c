import { isMet, type Row, type Target } from './row.ts';

const HEADS = ['figure', 'measured', 'target', ''] as const;

/** Returns the rows as an aligned table with a heading for each group. */
export function table(rows: readonly Row[]): string {
  const lines: Line[] = [[...HEADS]];
  let group: string | undefined;
  for (const row of rows) {
    if (row.group !== group) lines.push([], [row.group]);
    group = row.group;
    lines.push(cells(row));
  }
  const inColumns = lines.filter((line) => line.length === HEADS.length);
  const widths = HEADS.map((_, at) => Math.max(...inColumns.map((line) => line[at]?.length ?? 0)));
  return lines.map((line) => aligned(line, widths)).join('\n');
}

type Line = readonly string[];

function cells(row: Row): Line {
  const met = isMet(row);
  return [
    `${row.detail ? '    ' : '  '}${row.label}`,
    quantity(row.value, row.unit),
    row.target ? bound(row.target, row.unit) : '',
    met === undefined ? '' : met ? 'met' : 'MISSED',
  ];
}

/** Aligns numbers to the right and words to the left. */
function aligned(line: Line, widths: readonly number[]): string {
  if (line.length < widths.length) return line.join('');
  return line
    .map((cell, at) =>
      at === 1 || at === 2 ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0),
    )
    .join('  ')
    .trimEnd();
}

function bound(target: Target, unit: string): string {
  return 'atMost' in target
    ? `≤ ${quantity(target.atMost, unit)}`
    : `≥ ${quantity(target.atLeast, unit)}`;
}

function quantity(value: number, unit: string): string {
  const digits = Number.isInteger(value) || Math.abs(value) >= 1_000 ? 0 : 2;
  const text = value.toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return unit === '' ? text : `${text} ${unit}`;
}
