import { type Artifact, Message, type Task, type TaskArtifactUpdateEvent } from '@a2a-js/sdk';
import type { TaskEvent } from '../a2a/event.ts';
import type { Entry } from './entry.ts';
import { PersistentMap } from './persistent-map.ts';
import type { Sliced } from './sliced.ts';
import { type Metadata, type StoredArtifact, TaskPicture, withMetadata } from './task-picture.ts';

/** Appending a message takes about as long as folding this many bytes of records. */
const APPEND_COST = 32;

/**
 * The Task that results from a log's events. It merges like the SDK's `ResultManager`, without copying
 * the task per event. Before the first Task event it holds only messages.
 *
 * Events are kept by reference and never written to. Objects that a {@link TaskPicture} shares with the
 * view are replaced or appended to, never changed.
 */
export class TaskView {
  /** Without history, artifacts and metadata. */
  #task: Task | undefined;
  #metadata: Metadata;
  readonly #history: Message[] = [];
  /** The messages of {@link #history}, by id: clients may use an id for several, and rarely do. */
  readonly #byId = new Map<string, Message | KnownMessages>();
  #artifacts: PersistentMap<StoredArtifact> = PersistentMap.empty();

  /** Builds, in slices, the view with this Task, or with only these messages. */
  static *restoring(task: Task | undefined, messages: readonly Message[]): Sliced<TaskView> {
    const view = new TaskView();
    // Not through add(): a history may hold two equal messages.
    for (const message of task?.history ?? messages) {
      view.#append(message);
      yield APPEND_COST;
    }
    if (task) view.#applyTask({ ...task, history: [] });
    return view;
  }

  /** Returns the Task as it is now; `undefined` before the first Task event. Costs no copy. */
  picture(): TaskPicture | undefined {
    if (!this.#task) return undefined;
    return new TaskPicture({
      task: this.#task,
      metadata: this.#metadata,
      history: this.#history,
      length: this.#history.length,
      artifacts: this.#artifacts,
    });
  }

  /** Returns the messages so far, also those before the first Task. Shared: never write to them. */
  messages(): readonly Message[] {
    return this.#history.slice();
  }

  apply(entry: Entry): void {
    if (entry.kind === 'event') this.#applyEvent(entry.event);
    else if (entry.kind === 'deleted') this.#task = undefined;
    else if (entry.kind === 'message') this.#addByContent(entry.message);
    else if (entry.kind === 'start' && entry.message) {
      // A run that resumes another has the same message, which is there already.
      if (entry.resumes === undefined) this.#append(entry.message);
    } else if (entry.kind === 'metadata') this.#addMetadata(entry.metadata);
  }

  #append(message: Message): void {
    const { messageId } = message;
    if (this.#byId.has(messageId)) this.#known(messageId)?.add(message);
    else this.#byId.set(messageId, message);
    this.#history.push(message);
  }

  /** Returns the messages with this id; `undefined` if there are none. */
  #known(messageId: string): KnownMessages | undefined {
    const known = this.#byId.get(messageId);
    if (known === undefined || known instanceof KnownMessages) return known;
    const messages = new KnownMessages(known);
    this.#byId.set(messageId, messages);
    return messages;
  }

  /** Adds a message unless one with its id is there. */
  #addById(message: Message): void {
    if (!this.#byId.has(message.messageId)) this.#append(message);
  }

  /** Adds a message unless an equal one is there. */
  #addByContent(message: Message): void {
    if (!this.#known(message.messageId)?.has(message)) this.#append(message);
  }

  /** Adds the messages that are new in a Task's history: for each id, those beyond the known ones. */
  #addHistory(history: readonly Message[]): void {
    const seen = new Map<string, { count: number; readonly known: number }>();
    for (const message of history) {
      const { messageId } = message;
      const known = this.#known(messageId)?.count ?? 0;
      const of = seen.get(messageId) ?? { count: 0, known };
      seen.set(messageId, of);
      of.count += 1;
      if (of.count > of.known) this.#addByContent(message);
    }
  }

  #addMetadata(metadata: Task['metadata']): void {
    if (this.#task) this.#metadata = withMetadata(this.#metadata, metadata);
  }

  #applyEvent(event: TaskEvent): void {
    switch (event.kind) {
      case 'task':
        this.#applyTask(event.data);
        break;
      case 'statusUpdate':
        if (!this.#task) return;
        this.#task = { ...this.#task, status: event.data.status };
        this.#addMetadata(event.data.metadata);
        if (event.data.status?.message) this.#addById(event.data.status.message);
        break;
      case 'artifactUpdate':
        if (!this.#task) return;
        if (!event.data.artifact) return;
        this.#applyArtifact(event.data.artifact, event.data);
        this.#addMetadata(event.data.metadata);
        break;
    }
  }

  #applyTask(task: Task): void {
    this.#addHistory(task.history);
    for (const artifact of task.artifacts) this.#replaceArtifact(artifact);
    // The next task must not get the content of a deleted one.
    const before = this.#task ? this.#metadata : undefined;
    this.#metadata = withMetadata(before, task.metadata);
    this.#task = { ...task, metadata: undefined, history: [], artifacts: [] };
  }

  #applyArtifact(artifact: Artifact, update: TaskArtifactUpdateEvent): void {
    const existing = this.#artifacts.get(artifact.artifactId);
    if (!existing || !update.append) {
      this.#replaceArtifact(artifact);
      return;
    }
    const { head, parts } = existing;
    for (const part of artifact.parts) parts.push(part);
    this.#setArtifact({
      head: {
        ...head,
        description: artifact.description || head.description,
        name: artifact.name || head.name,
      },
      metadata: withMetadata(existing.metadata, artifact.metadata),
      parts,
    });
  }

  #replaceArtifact(artifact: Artifact): void {
    this.#setArtifact({
      head: { ...artifact, metadata: undefined, parts: [] },
      metadata: withMetadata(undefined, artifact.metadata),
      parts: [...artifact.parts],
    });
  }

  #setArtifact(artifact: Omit<StoredArtifact, 'length'>): void {
    const { head, parts } = artifact;
    this.#artifacts = this.#artifacts.with(head.artifactId, { ...artifact, length: parts.length });
  }
}

/** The messages of one id. They are compared as texts, each encoded at most once. */
class KnownMessages {
  /** Created when a message is compared: most never are, and a set takes more memory than a message. */
  #texts: Set<string> | undefined;
  #unread: Message[];
  count = 1;

  constructor(message: Message) {
    this.#unread = [message];
  }

  add(message: Message): void {
    this.count += 1;
    this.#unread.push(message);
  }

  has(message: Message): boolean {
    const texts = this.#texts ?? new Set();
    this.#texts = texts;
    for (const known of this.#unread) texts.add(textOf(known));
    this.#unread = [];
    return texts.has(textOf(message));
  }
}

function textOf(message: Message): string {
  return JSON.stringify(Message.toJSON(message));
}
