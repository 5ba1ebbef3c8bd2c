import type { TaskArtifactUpdateEvent } from '@a2a-js/sdk';

/** Characters of ASCII in the text of one "one-kilobyte" event. */
export const KILOBYTE = 1_024;

const LETTERS = 'abcdefghijklmnopqrstuvwxyz     ';

/** Text that looks like words and does not repeat: what compresses well would flatter figures. */
export function words(length: number, seed: number): string {
  let state = (seed * 2_654_435_761 + 1) >>> 0;
  // One flat string: a chain of single characters would be put together while time is measured.
  const text = Buffer.alloc(length);
  for (let at = 0; at < length; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    text[at] = LETTERS.charCodeAt((state >>> 16) % LETTERS.length);
  }
  return text.toString('latin1');
}

/** A piece of the answer, as an agent that streams text publishes it. */
export function chunk(
  taskId: string,
  contextId: string,
  text: string,
  append: boolean,
): TaskArtifactUpdateEvent {
  return {
    taskId,
    contextId,
    artifact: {
      artifactId: 'answer',
      name: '',
      description: '',
      parts: [
        {
          content: { $case: 'text', value: text },
          metadata: undefined,
          filename: '',
          mediaType: '',
        },
      ],
      metadata: undefined,
      extensions: [],
    },
    append,
    lastChunk: false,
    metadata: undefined,
  };
}

/** The text of an artifact's first part, or nothing for other events. */
export function chunkText(update: TaskArtifactUpdateEvent): string | undefined {
  const content = update.artifact?.parts[0]?.content;
  return content?.$case === 'text' ? content.value : undefined;
}
