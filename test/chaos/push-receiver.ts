import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SeededRandom } from '@a2a-aws/testkit/fakes';

/** One event that a receiver has accepted. */
export interface AcceptedPush {
  /** The header `webhook-id`. */
  readonly id: string;
  /** The kind of the event, and the text of its chunk or its state. */
  readonly event: string;
  /** When it came, in milliseconds of `performance.now`. */
  readonly atMs: number;
}

/** How many of a hundred requests are answered with 503, lose their answer, or get no answer. */
const FAILS = 15;
const LOSES = 2;
const HANGS = 1;
/** How long an answer takes, at random up to this; milliseconds. */
const SLOW_MS = 60;

/**
 * Receivers of push notifications, one for each path. They fail at random, answer slowly, hang, or
 * accept an event and lose the answer.
 */
export class PushReceiver {
  readonly #server: Server;
  readonly #random: SeededRandom;
  readonly #accepted = new Map<string, AcceptedPush[]>();
  /** False to accept everything at once. */
  isDisturbed = true;
  lostAnswers = 0;

  private constructor(random: SeededRandom) {
    this.#random = random;
    this.#server = createServer((request, response) => void this.#receive(request, response));
  }

  static async start(random: SeededRandom): Promise<PushReceiver> {
    const receiver = new PushReceiver(random);
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  url(name: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${name}`;
  }

  accepted(name: string): readonly AcceptedPush[] {
    return this.#accepted.get(`/${name}`) ?? [];
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const random = this.#random;
    if (this.isDisturbed) {
      await new Promise((resolve) => setTimeout(resolve, random.whole(0, SLOW_MS)));
      if (random.percent(HANGS)) return;
      if (random.percent(FAILS)) return void response.writeHead(503).end();
    }
    const path = request.url ?? '';
    const event = eventText(JSON.parse(Buffer.concat(chunks).toString()));
    const id = String(request.headers['webhook-id']);
    const accepted = this.#accepted.get(path) ?? [];
    accepted.push({ id, event, atMs: performance.now() });
    this.#accepted.set(path, accepted);
    if (this.isDisturbed && random.percent(LOSES)) {
      this.lostAnswers += 1;
      request.socket.destroy();
      return;
    }
    response.writeHead(204).end();
  }
}

/** A notification's body, as far as it is read. */
export interface PushedJson {
  readonly task?: { readonly status?: { readonly state?: string } };
  readonly statusUpdate?: { readonly status?: { readonly state?: string } };
  readonly artifactUpdate?: {
    readonly artifact?: { readonly parts?: { readonly text?: string }[] };
  };
}

/** Returns an event as a short text; see {@link AcceptedPush}. */
export function eventText({ task, statusUpdate, artifactUpdate }: PushedJson): string {
  if (task) return `task ${task.status?.state}`;
  if (statusUpdate) return `status ${statusUpdate.status?.state}`;
  return `chunk ${artifactUpdate?.artifact?.parts?.[0]?.text}`;
}
