import type { Artifact, Task } from '@a2a-js/sdk';
import type { TaskEvent } from '../a2a/event.ts';
import type { Entry } from '../model/entry.ts';

/**
 * Returns the changes in a saved task since it was loaded, as entries: messages, artifact chunks,
 * and the status last. Compares with the loaded task rather than the stored one, so that a save
 * does not touch content that its writer has not seen or not changed. Returns a whole Task where no
 * smaller entry can express the change.
 *
 * Content that the save leaves out (a message, an artifact, a metadata key) stays, because a log
 * only grows.
 */
export function taskDifference(loaded: Task | undefined, saved: Task): Entry[] {
  if (!loaded || loaded.contextId !== saved.contextId) {
    return [event({ kind: 'task', data: saved })];
  }
  const metadata = changedKeys(loaded.metadata, saved.metadata);
  if (same(loaded.status, saved.status)) {
    return [...contentDifference(loaded, saved), ...metadataEntries(metadata)];
  }
  const { id: taskId, contextId, status } = saved;
  // The status' message is added to the end of the history together with the status.
  const isLast = status?.message && same(saved.history.at(-1), status.message);
  const history = isLast ? saved.history.slice(0, -1) : saved.history;
  return [
    ...contentDifference(loaded, { ...saved, history }),
    event({ kind: 'statusUpdate', data: { taskId, contextId, status, metadata } }),
  ];
}

/**
 * Returns the entries of {@link taskDifference} without the status. The status' message is still
 * added to the history.
 */
export function differenceButStatus(loaded: Task | undefined, saved: Task): Entry[] {
  const before = loaded ?? { ...saved, history: [], artifacts: [], metadata: undefined };
  const said = saved.status?.message;
  const isKept = !said || saved.history.some(({ messageId }) => messageId === said.messageId);
  const history = isKept ? saved.history : [...saved.history, said];
  return [
    ...contentDifference(before, { ...saved, history }),
    ...metadataEntries(changedKeys(before.metadata, saved.metadata)),
  ];
}

/** Returns the entries for messages and artifacts. */
function contentDifference(loaded: Task, saved: Task): Entry[] {
  const entries: Entry[] = [];
  const known = new Map<string, number>();
  const count = (id: string): number => known.get(id) ?? 0;
  for (const { messageId: id } of loaded.history) known.set(id, count(id) + 1);
  for (const message of saved.history) {
    const { messageId: id } = message;
    // If several messages share an id, those beyond the loaded number are new.
    if (count(id) === 0) entries.push({ kind: 'message', message });
    else known.set(id, count(id) - 1);
  }
  for (const artifact of saved.artifacts) {
    const before = loaded.artifacts.find((other) => other.artifactId === artifact.artifactId);
    const change = artifactChange(before, artifact);
    if (change) entries.push(artifactEvent(saved, change.artifact, change.append));
  }
  return entries;
}

/**
 * Returns an appended chunk where possible, because a whole artifact would overwrite parts that
 * other writers have added.
 */
function artifactChange(
  before: Artifact | undefined,
  after: Artifact,
): { artifact: Artifact; append: boolean } | undefined {
  if (!before) return { artifact: after, append: false };
  if (same(before, after)) return undefined;
  if (!hasGrown(before, after)) return { artifact: after, append: false };
  const artifact = {
    ...after,
    parts: after.parts.slice(before.parts.length),
    // An empty text leaves the stored value as it is, which another writer may have changed.
    name: after.name === before.name ? '' : after.name,
    description: after.description === before.description ? '' : after.description,
    metadata: changedKeys(before.metadata, after.metadata),
  };
  return { artifact, append: true };
}

/**
 * Returns true if a chunk can express the change: nothing was removed and no extension was added.
 */
function hasGrown(before: Artifact, after: Artifact): boolean {
  const kept = Object.keys(before.metadata ?? {}).every((key) =>
    Object.hasOwn(after.metadata ?? {}, key),
  );
  return (
    before.parts.every((part, at) => same(part, after.parts[at])) &&
    (after.name !== '' || before.name === '') &&
    (after.description !== '' || before.description === '') &&
    kept &&
    (after.metadata !== undefined || before.metadata === undefined) &&
    same(before.extensions, after.extensions)
  );
}

function metadataEntries(metadata: Task['metadata']): Entry[] {
  return metadata ? [{ kind: 'metadata', metadata }] : [];
}

function changedKeys(before: Task['metadata'], after: Task['metadata']): Task['metadata'] {
  const changed = Object.entries(after ?? {}).filter(
    ([key, value]) => !before || !Object.hasOwn(before, key) || !same(before[key], value),
  );
  const isNew = after !== undefined && before === undefined;
  return changed.length > 0 || isNew ? Object.fromEntries(changed) : undefined;
}

function artifactEvent(task: Task, artifact: Artifact, append: boolean): Entry {
  return event({
    kind: 'artifactUpdate',
    data: {
      taskId: task.id,
      contextId: task.contextId,
      artifact,
      append,
      lastChunk: false,
      metadata: undefined,
    },
  });
}

function event(of: TaskEvent): Entry {
  return { kind: 'event', event: of };
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
