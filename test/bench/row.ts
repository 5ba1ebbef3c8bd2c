/** What a figure must keep to. */
export type Target = { readonly atMost: number } | { readonly atLeast: number };

/** One measured figure, or one to compare it with: what has no target cannot miss it. */
export interface Row {
  readonly group: string;
  readonly label: string;
  readonly value: number;
  readonly unit: string;
  /** Says what the row above it consists of. */
  readonly detail?: boolean | undefined;
  readonly target?: Target | undefined;
}

/** True, false, or nothing where there is no target. */
export function isMet({ value, target }: Row): boolean | undefined {
  if (!target) return undefined;
  return 'atMost' in target ? value <= target.atMost : value >= target.atLeast;
}
