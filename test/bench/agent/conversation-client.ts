import { randomUUID } from 'node:crypto';
import { systemClock } from '@a2a-aws/core';
import { withTimeout } from '@a2a-aws/core/internal';

const LIMIT_MS = 120_000;
const LAST = 10;
const HEADERS = { 'content-type': 'application/json', 'a2a-version': '1.0' };

/** A client of the HTTP+JSON binding that checks the number of messages in each answer. */
export class ConversationClient {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /**
   * Resolves with the Task's JSON. `more` is the number of messages after those that were written.
   */
  async getTask(id: string, messages: number, more = 0): Promise<unknown> {
    // The first status' message is only in the Task's status.
    return await this.#get(`/tasks/${id}`, 2 * messages - 1 + more);
  }

  /** Reads the Task with its last messages only. */
  async getLast(id: string): Promise<void> {
    await this.#get(`/tasks/${id}?historyLength=${LAST}`, LAST);
  }

  async send(taskId: string, text: string, configuration: object = {}): Promise<void> {
    const message = { messageId: randomUUID(), role: 'ROLE_USER', taskId, parts: [{ text }] };
    const answer = await this.#fetch('/message:send', {
      method: 'POST',
      body: JSON.stringify({ message, configuration: { historyLength: LAST, ...configuration } }),
    });
    await answer.arrayBuffer();
  }

  /**
   * Resolves once the subscription's first event, the Task, begins to arrive. The returned function
   * ends the subscription and returns the number of events that came after it.
   */
  async subscribe(id: string): Promise<() => number> {
    const end = new AbortController();
    const events = eventsOf(await this.#fetch(`/tasks/${id}:subscribe`, { signal: end.signal }));
    await events.next();
    let count = 0;
    const reading = (async () => {
      for await (const _ of events) count += 1;
    })();
    // Rejects when the subscription is aborted.
    reading.catch(() => {});
    return () => {
      end.abort();
      return count;
    };
  }

  async #get(path: string, expected: number): Promise<unknown> {
    const answer = await this.#fetch(path);
    const task = (await answer.json()) as { history?: readonly unknown[] };
    if (task.history?.length === expected) return task;
    throw new Error(`GetTask gave ${task.history?.length} of ${expected} messages.`);
  }

  async #fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const url = `${this.#url}${path}`;
    const answer = await withTimeout(
      systemClock,
      LIMIT_MS,
      fetch(url, { headers: HEADERS, ...init }),
    );
    if (!answer?.ok) throw new Error(`${path} was answered with ${answer?.status ?? 'nothing'}.`);
    return answer;
  }
}

/** Yields once for each event of an event stream; comments do not count. */
async function* eventsOf(answer: Response): AsyncGenerator<void, void, undefined> {
  if (!answer.body) throw new Error('The answer has no body.');
  const begin = '\ndata:';
  let last = '\n';
  for await (const bytes of answer.body) {
    const text = last + Buffer.from(bytes).toString('latin1');
    for (let at = text.indexOf(begin); at >= 0; at = text.indexOf(begin, at + 1)) yield;
    last = text.slice(1 - begin.length);
  }
}
