type Counts = Readonly<Record<string, number>>;

/** What was added to the counts between two looks at them. */
export function added(before: Counts, after: Counts): Record<string, number> {
  const changes = Object.entries(after).map(([name, count]): [string, number] => [
    name,
    count - (before[name] ?? 0),
  ]);
  return Object.fromEntries(changes.filter(([, count]) => count !== 0));
}

/** The counts of several meters together. */
export function together(...all: readonly Counts[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const counts of all) {
    for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count;
  }
  return sums;
}

export function sum(counts: Counts): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
