/** Runs that wait for another message of their task. */
export class WaitingRuns {
  readonly #waiting = new Map<string, () => void>();

  /** Resolves when {@link goOn} is called for the task. */
  wait(taskId: string): Promise<void> {
    return new Promise((resolve) => this.#waiting.set(taskId, resolve));
  }

  /** Ends the wait of the task's run. Returns false if there is none. */
  goOn(taskId: string): boolean {
    this.#waiting.get(taskId)?.();
    return this.#waiting.delete(taskId);
  }
}
