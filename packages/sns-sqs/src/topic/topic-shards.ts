/** A topic takes 200 filter policies by default, so a large fleet has several topics, its shards. */
const SHARDED_ID = /-s(\d{1,4})-[A-Za-z0-9_-]{16}$/;

/** The id of a new instance on topic number `shard`. `nonce`: 16 of `[A-Za-z0-9_-]`. */
export function shardedId(name: string, shard: number, nonce: string): string {
  return `${name}-s${shard}-${nonce}`;
}

/** The number of the topic that an instance is subscribed to; an id that names none is on the first. */
export function shardOf(instance: string): number {
  return Number(SHARDED_ID.exec(instance)?.[1] ?? 0);
}

/**
 * Returns the topic, out of `count`, with the fewest live instances. If several have the fewest,
 * `random`, in [0, 1), chooses one: instances that start at once see the same numbers.
 */
export function leastFullShard(count: number, living: readonly string[], random: number): number {
  const members = new Array<number>(count).fill(0);
  for (const shard of living.map(shardOf))
    if (shard < count) members[shard] = (members[shard] ?? 0) + 1;
  const fewest = Math.min(...members);
  const emptiest = members.flatMap((size, shard) => (size === fewest ? [shard] : []));
  return emptiest[Math.floor(random * emptiest.length)] ?? 0;
}
