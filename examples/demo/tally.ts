/** The chunks that came, of those numbered 0 to `sent` - 1. */
export interface Tally {
  readonly sent: number;
  readonly received: number;
  readonly duplicated: number;
  readonly lost: number;
  /** Each number is greater than the one before. */
  readonly inOrder: boolean;
}

/** Counts the numbers received, in the order in which they came, against how many were sent. */
export function tally(sent: number, numbers: readonly number[]): Tally {
  const distinct = new Set(numbers);
  const expected = Array.from({ length: sent }, (_, index) => index);
  return {
    sent,
    received: numbers.length,
    duplicated: numbers.length - distinct.size,
    lost: expected.filter((number) => !distinct.has(number)).length,
    inOrder: numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0)),
  };
}

/** The middle one of the values in their order; undefined if there are none. */
export function median(values: readonly number[]): number | undefined {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
