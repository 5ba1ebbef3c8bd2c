import type { TaskArtifactUpdateEvent } from '@a2a-js/sdk';

/** The ASCII characters in the text of one "one-kilobyte" event. */
export const KILOBYTE = 1_024;

const LETTERS = 'abcdefghijklmnopqrstuvwxyz     ';

/**
 * Returns text that looks like words and does not repeat, because text that compresses well would
 * flatter the figures.
 */
export function words(length: number, seed: number): string {
  let state = (seed * 2_654_435_761 + 1) >>> 0;
  // Returns one flat string, because V8 would join a chain of single characters during the
  // measurement.
  const text = Buffer.alloc(length);
  for (let at = 0; at < length; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    text[at] = LETTERS.charCodeAt((state >>> 16) % LETTERS.length);
  }
  return text.toString('latin1');
}

/**
 * Returns a piece of the answer, as published by an agent that streams text. It is made without
 * `fromJSON`, whose time would count in the figures.
 */
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

/** Returns the text of an artifact's first part; `undefined` for other events. */
export function chunkText(update: TaskArtifactUpdateEvent): string | undefined {
  const content = update.artifact?.parts[0]?.content;
  return content?.$case === 'text' ? content.value : undefined;
}
