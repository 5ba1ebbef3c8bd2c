import { parseArgs } from 'node:util';
import { knownNames, UsageError } from '../command-line.ts';

/** The figures to measure, and the destination of the report. */
export interface BenchOptions<Figure extends string> {
  readonly figures: readonly Figure[];
  readonly json: string;
}

export function usage(figures: readonly string[]): string {
  return `npm run bench -- [--json FILE] [FIGURE]...

Measures all figures, or those that are named; fails if one misses its target. The report also goes
to FILE (test/dist/bench.json).

Figures: ${figures.join(', ')}`;
}

/**
 * Parses the command line.
 *
 * @throws UsageError, or an error of `parseArgs`.
 */
export function benchOptions<Figure extends string>(
  args: string[],
  known: readonly Figure[],
  file: string,
): BenchOptions<Figure> {
  const { values, positionals } = parseArgs({
    args,
    options: { json: { type: 'string', default: file } },
    allowPositionals: true,
  });
  if (values.json === '') throw new UsageError('--json must name a file.');
  const figures = knownNames('figure', positionals, known);
  return { figures: figures.length === 0 ? known : figures, json: values.json };
}
