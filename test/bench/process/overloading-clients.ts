import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { orderMessage, type TokenOrder } from '../agent/token-agent.ts';
import { monotonicMs } from '../monotonic-time.ts';

export interface Assault {
  /** New messages a second, whatever becomes of the earlier ones. */
  readonly perSecond: number;
  readonly seconds: number;
  readonly order: TokenOrder;
}

/** The answers to the messages of an assault. */
export interface Answers {
  readonly accepted: number;
  readonly refused: number;
  /** Answers that are neither a stream nor a 503 with Retry-After. */
  readonly wrong: number;
  /** Requests whose connection failed. */
  readonly unanswered: number;
  /** Events of accepted runs that did not arrive. */
  readonly lost: number;
  /** The time from the end of the assault until a new message was accepted, in seconds. */
  readonly recoverySeconds: number;
}

const HEADERS = { 'A2A-Version': '1.0', 'Content-Type': 'application/json' };
/** A connection that the server has closed meanwhile must not count as a failed one. */
const AGENT = new Agent({ keepAlive: false });
/** The time between two messages after the assault, in milliseconds. */
const RETRY_MS = 250;
const LIMIT_MS = 120_000;

/** Sends more messages than an instance can handle. */
export class OverloadingClients {
  async assault(url: string, { perSecond, seconds, order }: Assault): Promise<Answers> {
    const counts = { accepted: 0, refused: 0, wrong: 0, unanswered: 0, lost: 0 };
    const streams: Promise<void>[] = [];
    const send = async (of: TokenOrder): Promise<boolean> => {
      const outcome = await sendMessage(url, of).catch(() => 'unanswered' as const);
      if (typeof outcome === 'string') {
        counts[outcome] += 1;
        return false;
      }
      counts.accepted += 1;
      streams.push(
        chunksIn(outcome).then((chunks) => {
          counts.lost += of.tokens - chunks;
        }),
      );
      return true;
    };
    const begin = monotonicMs();
    const sends: Promise<boolean>[] = [];
    for (let at = 0; at < perSecond * seconds; at += 1) {
      const early = begin + (at * 1_000) / perSecond - monotonicMs();
      if (early > 0) await wait(early);
      sends.push(send(order));
    }
    const end = monotonicMs();
    let isAccepted = false;
    while (!isAccepted && monotonicMs() - end < LIMIT_MS) {
      await wait(RETRY_MS);
      isAccepted = await send({ ...order, tokens: 1 });
    }
    const recoverySeconds = (monotonicMs() - end) / 1_000;
    await Promise.all(sends);
    await Promise.all(streams);
    return { ...counts, recoverySeconds };
  }
}

/** Resolves with the stream of an accepted message. */
async function sendMessage(
  url: string,
  order: TokenOrder,
): Promise<IncomingMessage | 'refused' | 'wrong'> {
  const options = { method: 'POST', headers: HEADERS, agent: AGENT };
  const sent = request(`${url}/message:stream`, options);
  sent.end(JSON.stringify({ message: orderMessage(order, randomUUID()) }));
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  if (response.statusCode === 200) return response;
  response.resume();
  const isRefused = response.statusCode === 503 && response.headers['retry-after'] !== undefined;
  return isRefused ? 'refused' : 'wrong';
}

/** Resolves with the number of chunks in a stream; 0 if it was cut off. */
async function chunksIn(response: IncomingMessage): Promise<number> {
  let [count, rest] = [0, ''];
  response.setEncoding('latin1');
  response.on('error', () => {});
  response.on('data', (part: string) => {
    const frames = (rest + part).split('\n\n');
    rest = frames.pop() ?? '';
    for (const frame of frames) if (frame.includes('"artifactUpdate"')) count += 1;
  });
  await once(response, 'close');
  return response.complete ? count : 0;
}
