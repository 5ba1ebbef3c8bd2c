import type { Artifact, Message, Part, Task } from '@a2a-js/sdk';
import { deepCopy } from '../a2a/deep-copy.ts';
import { PersistentMap } from './persistent-map.ts';
import { inOneGo, type Sliced } from './sliced.ts';

/** Metadata that many events may have added to. */
export type Metadata = PersistentMap<unknown> | undefined;

/** Returns the metadata with these keys as well. */
export function withMetadata(known: Metadata, added: Task['metadata']): Metadata {
  return added ? (known ?? PersistentMap.empty<unknown>()).withAll(Object.entries(added)) : known;
}

/** An artifact as the view keeps it: `parts` may have grown since, `length` of them belong to it. */
export interface StoredArtifact {
  /** Without parts and metadata. */
  readonly head: Artifact;
  readonly metadata: Metadata;
  readonly parts: Part[];
  readonly length: number;
}

/** A task as the view keeps it: `history` may have grown since, `length` of it belong to the task. */
export interface StoredTask {
  /** Without history, artifacts and metadata. */
  readonly task: Task;
  readonly metadata: Metadata;
  readonly history: readonly Message[];
  readonly length: number;
  readonly artifacts: PersistentMap<StoredArtifact>;
}

/** Selects the parts of a task that a copy contains. */
export interface CopyOptions {
  /** The last messages of the history. @default all */
  readonly historyLength?: number | undefined;
  /** @default true */
  readonly artifacts?: boolean | undefined;
}

/** A Task as it was at one moment. It shares everything with the view, so it costs no copy. */
export class TaskPicture {
  readonly #stored: StoredTask;

  constructor(stored: StoredTask) {
    this.#stored = stored;
  }

  /** The Task without history and artifacts. Shared: never write to it. */
  head(): Task {
    const { task, metadata } = this.#stored;
    return { ...task, metadata: metadata && Object.fromEntries(metadata) };
  }

  /** The Task; only its lists are its own. Shared with all readers: never write to it. */
  shared(): Task {
    return { ...this.head(), history: this.history(), artifacts: [...this.artifacts()] };
  }

  /** The history; only the list is its own. Shared. */
  history(): Message[] {
    const { history, length } = this.#stored;
    return history.slice(0, length);
  }

  /** The artifacts; only their lists are their own. Shared. */
  *artifacts(): IterableIterator<Artifact> {
    for (const { head, metadata, parts, length } of this.#stored.artifacts.values()) {
      const own = {
        metadata: metadata && Object.fromEntries(metadata),
        parts: parts.slice(0, length),
      };
      yield { ...head, ...own };
    }
  }

  /** A copy that the caller may change, made in one go. */
  copy(options?: CopyOptions): Task {
    return inOneGo(this.copying(options));
  }

  /** The same, in slices. */
  copying(options?: CopyOptions): Sliced<Task> {
    return copyingTask(this.shared(), options);
  }
}

/** Copies a Task in slices; the caller may change the copy. */
export function* copyingTask(
  task: Task,
  { historyLength, artifacts = true }: CopyOptions = {},
): Sliced<Task> {
  const copy = deepCopy({ ...task, history: [], artifacts: [] } as Task);
  const skipped = task.history.length - Math.max(0, historyLength ?? task.history.length);
  for (const message of task.history.slice(Math.max(0, skipped))) {
    copy.history.push(deepCopy(message));
    yield COPY_COST;
  }
  if (!artifacts) return copy;
  for (const artifact of task.artifacts) {
    const own: Artifact = deepCopy({ ...artifact, parts: [] });
    copy.artifacts.push(own);
    for (const part of artifact.parts) {
      own.parts.push(deepCopy(part));
      yield COPY_COST;
    }
    yield COPY_COST;
  }
  return copy;
}

/** Copying a message or a part takes about as long as folding this many bytes of records. */
const COPY_COST = 256;
