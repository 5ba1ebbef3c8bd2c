import type { SendMessageRequest, StreamResponse } from '@a2a-js/sdk';
import type { Client, RequestOptions } from '@a2a-js/sdk/client';
import { backoffMs, sleep as timer } from './backoff.ts';
import { isAtRest, isTerminal } from './event.ts';
import { streamParameters } from './extension.ts';
import { failureOf } from './failure.ts';
import type { ResumableOptions } from './options.ts';
import { decodePosition, encodePosition } from './position.ts';
import { progressFrom } from './progress.ts';
import { ResumeError } from './resume-error.ts';

/** The methods of the SDK's client that streams need. */
export type StreamingClient = Pick<Client, 'sendMessageStream' | 'resubscribeTask' | 'getTask'>;

/** Events of a stream, each once and in order. */
export type Events = AsyncGenerator<StreamResponse, void, undefined>;

/** A message's stream or a subscription. */
export interface Stream {
  /** The name of the stream in a store. */
  readonly key: string;
  readonly tenant: string;
  /** The task of a subscription; empty for a message. */
  readonly id: string;
  /** The message; `undefined` for a subscription. */
  readonly request?: SendMessageRequest;
}

/**
 * Returns the events of a stream, over as many connections as it takes. A caller that leaves early closes
 * the connection and ends the waits.
 */
export function readStream(
  client: StreamingClient,
  { key, tenant, id, request }: Stream,
  options: ResumableOptions,
  call: RequestOptions = {},
): Events {
  const { store, maxAttempts = 12, backoff, onInterruption } = options;
  const { sleep = timer, random = Math.random } = options;
  const { signal } = call;
  /** Closes the connection or ends the wait, because the caller leaves. */
  let leaving = new AbortController();
  const leave = (): void => leaving.abort();

  async function* connections(): Events {
    const start = decodePosition(await store?.get(key));
    if (start.isOver) return;
    const { position, connect, accept, isSettled, endOf, refuse, fail } = progressFrom(
      start,
      request !== undefined,
    );
    /** The error of a server that does not stream the task any more. */
    let unsupported: unknown;

    const taskId = (): string => position().taskId || id;

    const save = (isOver: boolean): Promise<void> | undefined =>
      store?.set(key, encodePosition(position(), isOver));

    /** Yields the task as it is, if it has ended. */
    async function* wholeTask(each: RequestOptions): Events {
      const value = await client.getTask({ tenant, id: taskId() }, each);
      if (!isAtRest(value.status?.state ?? 0)) throw unsupported;
      yield { payload: { $case: 'task', value } };
    }

    const open = (): Events => {
      const { cursor } = position();
      const serviceParameters = streamParameters(call.serviceParameters, cursor);
      const each = { ...call, signal: leaving.signal, serviceParameters };
      if (unsupported) return wholeTask(each);
      return request && !taskId()
        ? client.sendMessageStream(request, each)
        : client.resubscribeTask({ tenant, id: taskId() }, each);
    };

    /** Waits before the next try. Rejects if no other try changes the answer, or after too many. */
    const recover = async (error: unknown, isResumed: boolean): Promise<void> => {
      const failure = failureOf(error, isResumed);
      if (failure === 'unsupported' && !unsupported && taskId()) {
        unsupported = error;
        return;
      }
      if (failure === 'unsupported' || failure === 'final') throw error;
      if (failure === 'cursor-refused') refuse();
      const failures = fail();
      if (failures >= maxAttempts) {
        throw new ResumeError(taskId(), position().cursor, failures, error);
      }
      const delayMs = Math.max(backoffMs(failures, random(), backoff), Number(failure) || 0);
      onInterruption?.({ error, taskId: taskId(), failures, delayMs });
      await sleep(delayMs, leaving.signal);
    };

    signal?.addEventListener('abort', leave);
    try {
      for (;;) {
        signal?.throwIfAborted();
        if (leaving.signal.aborted) return;
        // A signal collects the listeners of each connection.
        leaving = new AbortController();
        const isResumed = connect();
        const events = open();
        let failed: { readonly error: unknown } | undefined;
        try {
          while (!isSettled()) {
            let event: StreamResponse | undefined;
            try {
              const next = await events.next();
              if (next.done) break;
              if (accept(next.value)) event = next.value;
            } catch (error) {
              failed = { error };
              break;
            }
            if (leaving.signal.aborted) break;
            if (event) {
              yield event;
              await save(false);
            }
          }
        } finally {
          events.return().catch(() => {});
        }
        if (leaving.signal.aborted) continue;
        const end = endOf(!failed);
        if (end === 'complete') {
          // More events may come to a subscription.
          return await save(request !== undefined || isTerminal(position().state));
        }
        if (end === 'broken') {
          await recover(failed ? failed.error : new Error('The stream ended early.'), isResumed);
        }
      }
    } finally {
      signal?.removeEventListener('abort', leave);
      leave();
    }
  }

  const events = connections();
  const end = events.return.bind(events);
  // A generator that waits would end only after its wait.
  events.return = (value) => {
    leave();
    return end(value);
  };
  return events;
}
