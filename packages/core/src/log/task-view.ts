import type { Artifact, Message, Task, TaskArtifactUpdateEvent } from '@a2a-js/sdk';
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
  readonly #messageIds = new Set<string>();
  readonly #artifacts: Artifact[] = [];
  readonly #artifactAt = new Map<string, number>();

  constructor(task?: Task, messages: readonly Message[] = []) {
    for (const message of messages) this.#addMessage(message);
    if (task) this.#applyTask(task);
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

  /** Adds a message to the history unless it is there. */
  #addMessage(message: Message): void {
    if (this.#messageIds.has(message.messageId)) return;
    this.#messageIds.add(message.messageId);
    this.#history.push(message);
  }

  apply(entry: Entry): void {
    if (entry.kind === 'event') this.#applyEvent(entry.event);
    else if (entry.kind === 'deleted') this.#task = undefined;
    else if (entry.kind === 'message') this.#addMessage(entry.message);
    else if (entry.kind === 'start' && entry.message) this.#addMessage(entry.message);
    else if (entry.kind === 'metadata' && this.#task) {
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
        if (event.data.status?.message) this.#addMessage(event.data.status.message);
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
    for (const message of task.history) this.#addMessage(message);
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
