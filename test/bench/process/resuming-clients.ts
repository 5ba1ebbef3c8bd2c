import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { monotonicMs } from '../monotonic-time.ts';

const TRIES = 20;
const FRAME = 'data: {';

export interface Resumed {
  readonly url: string;
  /** The cursor of the last event that the client has got. */
  readonly cursor: string;
}

/** Clients that resume their streams at once, in a process of their own. */
export class ResumingClients {
  readonly #open: IncomingMessage[] = [];

  /** Resolves with the milliseconds until each client has got `missed` events. */
  async catchUp(streams: readonly Resumed[], missed: number): Promise<number> {
    const began = monotonicMs();
    await Promise.all(streams.map((stream) => this.#caughtUp(stream, missed)));
    return monotonicMs() - began;
  }

  async leave(): Promise<void> {
    for (const response of this.#open.splice(0)) response.destroy();
  }

  /** As {@link #read}, again after a failure, as a client does. */
  async #caughtUp(stream: Resumed, missed: number): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#read(stream, missed);
      } catch (error) {
        if (tries === TRIES) throw error;
        await wait(200 + 300 * Math.random());
      }
    }
  }

  async #read({ url, cursor }: Resumed, missed: number): Promise<void> {
    const headers = { 'A2A-Version': '1.0', 'Last-Event-ID': cursor };
    const sent = request(url, { headers, agent: false });
    sent.end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    this.#open.push(response);
    response.setEncoding('latin1');
    await new Promise<void>((resolve, reject) => {
      let count = 0;
      let rest = '';
      response.on('data', (part: string) => {
        const text = rest + part;
        count += text.split(FRAME).length - 1;
        // A part may end within the mark of a frame.
        rest = text.slice(Math.max(text.lastIndexOf('\n') + 1, text.lastIndexOf(FRAME) + 1));
        if (count >= missed) resolve();
      });
      response.on('error', reject);
      response.on('close', () => reject(new Error(`A client got ${count} of ${missed} events.`)));
    });
  }
}
