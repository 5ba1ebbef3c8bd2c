/**
 * Returns the files that have more findings than the baseline grants them. Files that are gone leave
 * their share to files that are new, so that a move needs no new baseline. `counts` and `granted`:
 * findings by path; `gone`: tells whether a path of the baseline no longer exists.
 */
export function filesInExcess(counts, granted, gone) {
  let spare = 0;
  for (const [path, share] of Object.entries(granted)) if (gone(path)) spare += share;
  return Object.entries(counts).flatMap(([path, count]) => {
    if (Object.hasOwn(granted, path)) return count > granted[path] ? [path] : [];
    if (count > spare) return [path];
    spare -= count;
    return [];
  });
}
