/** The limit that a figure must keep. */
export type Target = { readonly atMost: number } | { readonly atLeast: number };

/** One measured figure, or one to compare it with. A figure without a target cannot miss it. */
export interface Row {
  readonly group: string;
  readonly label: string;
  readonly value: number;
  readonly unit: string;
  /** True if the row is a part of the row above it. */
  readonly detail?: boolean | undefined;
  readonly target?: Target | undefined;
}

/** Returns true if the figure meets its target, `undefined` if it has none. */
export function isMet({ value, target }: Row): boolean | undefined {
  if (!target) return undefined;
  return 'atMost' in target ? value <= target.atMost : value >= target.atLeast;
}
