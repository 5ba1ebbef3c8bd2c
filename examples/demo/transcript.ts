import { isDeepStrictEqual } from 'node:util';

/** One check of a fact: its name, the actual value, the expected value. */
export type Check = readonly [what: string, seen: unknown, expected: unknown];

/** The lines that the demo prints, and the number of claims in them that did not hold. */
export class Transcript {
  #write: (line: string) => void;
  #failed = 0;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  /** How many facts did not hold. */
  get failed(): number {
    return this.#failed;
  }

  /** Nothing that comes later is part of it. */
  close(): void {
    this.#write = () => {};
  }

  text(line = ''): void {
    this.#write(line);
  }

  /** A line that is true only if its checks hold; those that do not are listed below it. */
  fact(line: string, ...checks: readonly Check[]): void {
    const wrong = checks.filter(([, seen, expected]) => !isDeepStrictEqual(seen, expected));
    this.#write(`  ${wrong.length === 0 ? '✓' : '✗'} ${line}`);
    for (const [what, seen, expected] of wrong) {
      this.#write(`      ${what}: expected ${shown(expected)}, saw ${shown(seen)}`);
    }
    if (wrong.length > 0) this.#failed += 1;
  }

  /** Something went wrong that no check foresaw. */
  failure(line: string): void {
    this.#failed += 1;
    this.#write(`  ✗ ${line}`);
  }
}

/** Milliseconds as seconds. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}
