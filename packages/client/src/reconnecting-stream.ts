import type { SendMessageRequest, StreamResponse } from '@a2a-js/sdk';
import type { Client, RequestOptions } from '@a2a-js/sdk/client';
import { backoffMs, MAX_TIMER_MS, sleep as timer } from './backoff.ts';
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
  readonly tenant: string;
  /** The id of the message or of the task. */
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
  { tenant, id, request }: Stream,
  options: ResumableOptions,
  call: RequestOptions = {},
): Events {
  const { store, agent, maxAttempts = 12, backoff, onInterruption } = options;
  const { sleep = timer, random = Math.random, silenceMs = 120_000 } = options;
  const { signal } = call;
  /** The name of the stream in a store. */
  const key = JSON.stringify([agent, request ? 'message' : 'task', tenant, id]);
  let hasLeft = false;
  /** Closes the connection or ends the wait. */
  let closing = new AbortController();
  const close = (): void => closing.abort();
  const leave = (): void => {
    hasLeft = true;
    close();
  };

  async function* connections(): Events {
    const start = decodePosition(await store?.get(key));
    const { position, connect, accept, isSettled, isComplete, refuse, fail } = progressFrom(
      start,
      request !== undefined,
    );
    // A process may have ended after the last event, before the end.
    if (start.isOver || isComplete(false)) return;
    /** The error of a server that does not stream the task any more. */
    let unsupported: unknown;

    const taskId = (): string => position().taskId || (request ? '' : id);

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
      const each = { ...call, signal: closing.signal, serviceParameters };
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
      if (failure === 'refused') refuse();
      const failures = fail();
      if (failures >= maxAttempts) {
        throw new ResumeError(taskId(), position().cursor, failures, error);
      }
      const delayMs = Math.max(backoffMs(failures, random(), backoff), Number(failure) || 0);
      onInterruption?.({ error, taskId: taskId(), failures, delayMs });
      await sleep(delayMs, closing.signal);
    };

    signal?.addEventListener('abort', leave);
    try {
      for (;;) {
        signal?.throwIfAborted();
        if (hasLeft) return;
        // A signal collects the listeners of each connection.
        closing = new AbortController();
        const isResumed = connect();
        const events = open();
        let failed: { readonly error: unknown } | undefined;
        try {
          while (!isSettled()) {
            let event: StreamResponse | undefined;
            let silence: ReturnType<typeof setTimeout> | undefined;
            if (position().cursor && silenceMs > 0 && silenceMs <= MAX_TIMER_MS) {
              silence = setTimeout(close, silenceMs);
            }
            try {
              const next = await events.next();
              if (next.done) break;
              if (accept(next.value)) event = next.value;
            } catch (error) {
              failed = { error };
              break;
            } finally {
              clearTimeout(silence);
            }
            if (event) {
              yield event;
              // A Message is the only event of its stream.
              await save(event.payload?.$case === 'message');
            }
          }
        } finally {
          events.return().catch(() => {});
        }
        // The caller has left, or the connection was silent.
        if (closing.signal.aborted) continue;
        if (isComplete(!failed)) {
          // More events may come to a subscription.
          return await save(request !== undefined || isTerminal(position().state));
        }
        await recover(failed ? failed.error : new Error('The stream ended early.'), isResumed);
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
