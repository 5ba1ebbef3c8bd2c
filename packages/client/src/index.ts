export type { Backoff } from './backoff.ts';
export { type Gap, gapOf } from './extension.ts';
export type { Interruption, ResumableOptions } from './options.ts';
export type { Events, StreamingClient } from './reconnecting-stream.ts';
export { type ResumableClient, resumable } from './resumable.ts';
export { ResumeError } from './resume-error.ts';
export { browserStore, type StorageLike } from './stores/browser-store.ts';
export type { CursorStore } from './stores/cursor-store.ts';
export { memoryStore } from './stores/memory-store.ts';
