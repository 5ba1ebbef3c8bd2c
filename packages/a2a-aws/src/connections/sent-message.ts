/** The start of a message's stream, as a client may learn of it before the first frame. */
export interface SentMessage {
  readonly taskId: string;
  /** The cursor of a client that has got no frame. */
  readonly cursor: string;
}
