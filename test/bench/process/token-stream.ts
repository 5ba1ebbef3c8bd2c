import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Agent, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { stampAge } from '../agent/stamped-text.ts';
import { orderMessage, type TokenOrder } from '../agent/token-agent.ts';

const HEADERS = { 'A2A-Version': '1.0', 'Content-Type': 'application/json' };
const AGENT = new Agent({ keepAlive: true });
const TEXT = '"text":"';

export interface TokenListener {
  /** Called with the id of the task at the stream's first event. */
  begun(taskId: string): void;
  /** Called with the age of each token, in milliseconds. */
  token(age: number): void;
}

/** The stream of a task's tokens over HTTP+JSON. It parses no more of the events than it needs. */
export class TokenStream {
  readonly #response: IncomingMessage;

  private constructor(response: IncomingMessage) {
    // A reader learns of errors by itself.
    response.on('error', () => {});
    this.#response = response;
  }

  /** Sends a message that orders tokens. */
  static send(url: string, order: TokenOrder): Promise<TokenStream> {
    const message = orderMessage(order, randomUUID());
    return TokenStream.#open(`${url}/message:stream`, JSON.stringify({ message }));
  }

  /** Follows a task that has begun. */
  static subscribe(url: string, taskId: string): Promise<TokenStream> {
    return TokenStream.#open(`${url}/tasks/${taskId}:subscribe`, '{}');
  }

  static async #open(url: string, body: string): Promise<TokenStream> {
    const options: RequestOptions = { method: 'POST', headers: HEADERS, agent: AGENT };
    const sent = request(url, options);
    sent.end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    if (response.statusCode !== 200) throw new Error(`A stream answered ${response.statusCode}.`);
    return new TokenStream(response);
  }

  /** Disconnects. A reader of the stream rejects. */
  close(): void {
    this.#response.destroy();
  }

  /** Reads the stream to its end. */
  async read(listener: TokenListener): Promise<void> {
    let rest = '';
    let hasBegun = false;
    this.#response.setEncoding('latin1');
    this.#response.on('data', (part: string) => {
      const text = rest + part;
      let from = 0;
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n', from)) {
        const frame = text.slice(from, end);
        from = end + 2;
        if (!frame.includes('data: ')) continue;
        if (hasBegun) readToken(frame, listener);
        else listener.begun(taskIdOf(frame));
        hasBegun = true;
      }
      rest = text.slice(from);
    });
    await once(this.#response, 'close');
    if (!this.#response.complete) throw new Error('A stream was cut off.');
  }
}

function taskIdOf(frame: string): string {
  const id = /"task":\{"id":"([^"]+)"/.exec(frame)?.[1];
  if (id === undefined) throw new Error('The first event of a stream is no Task.');
  return id;
}

function readToken(frame: string, listener: TokenListener): void {
  const at = frame.indexOf(TEXT);
  if (at >= 0) listener.token(stampAge(frame.slice(at + TEXT.length)));
}
