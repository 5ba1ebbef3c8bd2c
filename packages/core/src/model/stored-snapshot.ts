import type { Slot } from './slot.ts';

/** The whole fold up to a slot, so that a reader need not fold the log from its start. */
export interface Snapshot {
  /** Unique per snapshot: a late write of another one never mixes with it. */
  readonly id: string;
  /** The first slot that is not in it. */
  readonly slot: Slot;
  readonly text: string;
}

/** A snapshot as stored. It may have megabytes; its reader decodes it piece by piece. */
export interface StoredSnapshot extends Pick<Snapshot, 'id' | 'slot'> {
  /** The snapshot's text in UTF-8. */
  readonly bytes: Uint8Array;
}

/** Names a stored snapshot. */
export type SnapshotName = Pick<Snapshot, 'id' | 'slot'> & { readonly chunks: number };
