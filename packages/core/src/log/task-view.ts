import { type Artifact, Message, type Task, type TaskArtifactUpdateEvent } from '@a2a-js/sdk';
import { deepCopy } from '../a2a/deep-copy.ts';
import type { TaskEvent } from '../a2a/event.ts';
import type { Entry } from './entry.ts';

/**
 * The Task that a log's events amount to: the merge of the SDK's `ResultManager`, in place and
 * without copying the task per event. Before the first Task event it holds only messages.
 *
 * Events handed in are kept by reference and never written to.
 */
export class TaskView {
  #task: Task | undefined;
  readonly #history: Message[] = [];
  /** The messages of {@link #history}, by id: clients may use an id for several. */
  readonly #byId = new Map<string, Message[]>();
  readonly #artifacts: Artifact[] = [];
  readonly #artifactAt = new Map<string, number>();

  constructor(task?: Task, messages: readonly Message[] = []) {
    // As it is: a history may hold two equal messages.
    for (const message of task?.history ?? messages) this.#append(message);
    if (task) this.#applyTask({ ...task, history: [] });
  }

  /** The Task itself, not to be changed, and the messages that no Task has yet. */
  content(): { readonly task: Task | undefined; readonly messages: readonly Message[] } {
    const task = this.#task && {
      ...this.#task,
      history: this.#history,
      artifacts: this.#artifacts,
    };
    return { task, messages: this.#history };
  }

  /** A copy that the caller may change, or nothing before the first Task event. */
  copy(): Task | undefined {
    const { task } = this.content();
    return task && deepCopy(task);
  }

  #append(message: Message): void {
    const { messageId } = message;
    const known = this.#byId.get(messageId);
    if (known) known.push(message);
    else this.#byId.set(messageId, [message]);
    this.#history.push(message);
  }

  /** Adds a message unless one of its id is there. */
  #addById(message: Message): void {
    if (!this.#byId.has(message.messageId)) this.#append(message);
  }

  /** Adds a message unless the very same is there. */
  #addByContent(message: Message): void {
    const known = this.#byId.get(message.messageId);
    const text = known && textOf(message);
    if (!known?.some((other) => textOf(other) === text)) this.#append(message);
  }

  /** Adds what is new in a Task's history: of each id, the messages beyond those that are there. */
  #addHistory(history: readonly Message[]): void {
    const seen = new Map<string, { count: number; readonly known: number }>();
    for (const message of history) {
      const { messageId } = message;
      const known = this.#byId.get(messageId)?.length ?? 0;
      const of = seen.get(messageId) ?? { count: 0, known };
      seen.set(messageId, of);
      of.count += 1;
      if (of.count > of.known) this.#addByContent(message);
    }
  }

  apply(entry: Entry): void {
    if (entry.kind === 'event') this.#applyEvent(entry.event);
    else if (entry.kind === 'deleted') this.#task = undefined;
    else if (entry.kind === 'message') this.#addByContent(entry.message);
    else if (entry.kind === 'start' && entry.message) {
      // A run that resumes another is about the message that is there.
      if (entry.resumes === undefined) this.#append(entry.message);
    } else if (entry.kind === 'metadata' && this.#task) {
      this.#task.metadata = merged(this.#task.metadata, entry.metadata);
    }
  }

  #applyEvent(event: TaskEvent): void {
    switch (event.kind) {
      case 'task':
        this.#applyTask(event.data);
        break;
      case 'statusUpdate':
        if (!this.#task) return;
        this.#task.status = event.data.status;
        this.#task.metadata = merged(this.#task.metadata, event.data.metadata);
        if (event.data.status?.message) this.#addById(event.data.status.message);
        break;
      case 'artifactUpdate':
        if (!this.#task) return;
        if (!event.data.artifact) return;
        this.#applyArtifact(event.data.artifact, event.data);
        this.#task.metadata = merged(this.#task.metadata, event.data.metadata);
        break;
    }
  }

  #applyTask(task: Task): void {
    this.#addHistory(task.history);
    for (const artifact of task.artifacts) this.#replaceArtifact(artifact);
    this.#task = {
      ...task,
      metadata: merged(this.#task?.metadata, task.metadata),
      history: [],
      artifacts: [],
    };
  }

  #applyArtifact(artifact: Artifact, update: TaskArtifactUpdateEvent): void {
    const existing = this.#artifacts[this.#artifactAt.get(artifact.artifactId) ?? -1];
    if (!existing || !update.append) {
      this.#replaceArtifact(artifact);
      return;
    }
    for (const part of artifact.parts) existing.parts.push(part);
    if (artifact.description) existing.description = artifact.description;
    if (artifact.name) existing.name = artifact.name;
    existing.metadata = merged(existing.metadata, artifact.metadata);
  }

  #replaceArtifact(artifact: Artifact): void {
    const own = { ...artifact, parts: [...artifact.parts] };
    const at = this.#artifactAt.get(artifact.artifactId);
    if (at === undefined) {
      this.#artifactAt.set(artifact.artifactId, this.#artifacts.push(own) - 1);
    } else {
      this.#artifacts[at] = own;
    }
  }
}

function merged(known: Task['metadata'], added: Task['metadata']): Task['metadata'] {
  return added ? { ...known, ...added } : known;
}

function textOf(message: Message): string {
  return JSON.stringify(Message.toJSON(message));
}
