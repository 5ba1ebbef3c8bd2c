/**
 * Work that can be done in slices. It yields how much it has done since the last time, in bytes of records.
 */
export type Sliced<T> = Generator<number, T, void>;

/** Does the work in one go. */
export function inOneGo<T>(work: Sliced<T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}
