import type { ServerResponse } from 'node:http';

/** Texts of this length do not wait for the end of the turn, in characters. */
const MAX_LENGTH = 64 * 1024;

/**
 * Joins the texts that are written to a response within one turn of the event loop, so that the frames of
 * a record leave in one write to the socket. The bytes of the body stay the same. A corked response would
 * do so as well, but node 24 ends one with a malformed last chunk if it ends in the same turn.
 */
export class JoinedWrites {
  readonly #response: ServerResponse;
  readonly #write: (...args: unknown[]) => boolean;
  readonly #flush = (): void => this.flush();
  #isOn = false;
  #text = '';

  constructor(response: ServerResponse) {
    this.#response = response;
    this.#write = response.write.bind(response) as (...args: unknown[]) => boolean;
    const end = response.end.bind(response) as (...args: unknown[]) => ServerResponse;
    response.write = (...args: unknown[]): boolean => {
      const [chunk, encoding, callback] = args;
      const isPlain = encoding === undefined && callback === undefined;
      if (typeof chunk === 'string' && isPlain && this.#joins()) return this.#add(chunk);
      this.flush();
      return this.#write(...args);
    };
    response.end = (...args: unknown[]): ServerResponse => {
      this.flush();
      return end(...args);
    };
  }

  /** Joins what is written from now on. */
  begin(): void {
    this.#isOn = true;
  }

  /** Writes the texts that wait for the end of the turn. */
  flush(): void {
    const text = this.#text;
    this.#text = '';
    if (text !== '' && !this.#response.destroyed) this.#write(text);
  }

  /** Texts with an encoding or a callback, and those that send the headers, are written at once. */
  #joins(): boolean {
    return this.#isOn && this.#response.headersSent && !this.#response.writableEnded;
  }

  /** Returns false if the caller must wait for `drain`. */
  #add(text: string): boolean {
    if (this.#text === '') process.nextTick(this.#flush);
    this.#text += text;
    if (this.#text.length >= MAX_LENGTH) this.flush();
    return !this.#response.writableNeedDrain;
  }
}
