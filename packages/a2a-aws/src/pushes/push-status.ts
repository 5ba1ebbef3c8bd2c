/** The delivery of a task's events to one push configuration. */
export interface PushStatus {
  /** The id of the configuration; empty for a `pushNotificationSender`. */
  readonly config: string;
  /** When its receiver first failed to accept the next event; `undefined` if it has not failed. */
  readonly failingSince?: Date | undefined;
  /** The reason why it gets no more events: a short fixed text, like `http-404`. */
  readonly failure?: string | undefined;
}
