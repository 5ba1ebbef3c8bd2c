/** A signal that aborts with any of `sources`, until `unlink`ed: sources may outlive it by far. */
export function linkSignals(...sources: readonly (AbortSignal | undefined)[]): {
  readonly signal: AbortSignal;
  readonly unlink: () => void;
} {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  for (const source of sources) {
    if (source?.aborted) abort();
    else source?.addEventListener('abort', abort, { once: true });
  }
  return {
    signal: controller.signal,
    unlink: () => {
      for (const source of sources) source?.removeEventListener('abort', abort);
    },
  };
}
