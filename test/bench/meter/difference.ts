type Counts = Readonly<Record<string, number>>;

/** Returns the increase of the counts between two readings. */
export function added(before: Counts, after: Counts): Record<string, number> {
  const changes = Object.entries(after).map(([name, count]): [string, number] => [
    name,
    count - (before[name] ?? 0),
  ]);
  return Object.fromEntries(changes.filter(([, count]) => count !== 0));
}

/** Returns the sums of the counts of several meters. */
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
