import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { hostOf } from './config-rules.ts';
import { ForbiddenAddressError, type GuardedAgents } from './guarded-agent.ts';
import type { PushFailure } from './webhook-call.ts';
import type { Headers } from './webhook-headers.ts';

/** An answer is read up to this size, in bytes, so that its connection can be used again. */
const MAX_ANSWER_BYTES = 64 * 1024;
/** The highest size of the headers of an answer, in bytes. */
const MAX_HEADER_BYTES = 16 * 1024;

export interface Posted {
  readonly url: URL;
  readonly headers: Headers;
  readonly body: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

/**
 * Posts once, and resolves when the answer has ended or was left, which happens when the signal aborts.
 * Rejects if no answer began before that. Follows no redirect.
 */
export async function exchange(
  posted: Posted,
  agents: GuardedAgents,
  signal: AbortSignal,
): Promise<Answer> {
  for (;;) {
    const request = begin(posted, agents, signal);
    try {
      return await answerOf(request, posted.body, signal);
    } catch (error) {
      // The receiver had closed the idle connection. Each repetition takes another one.
      if (!request.reusedSocket || !isReset(error) || signal.aborted) throw error;
    }
  }
}

function begin(
  { url, headers, body }: Posted,
  agents: GuardedAgents,
  attempt: AbortSignal,
): ClientRequest {
  const host = hostOf(url);
  const isSecure = url.protocol === 'https:';
  const options = {
    method: 'POST',
    protocol: url.protocol,
    host,
    port: url.port === '' ? (isSecure ? 443 : 80) : Number(url.port),
    path: `${url.pathname}${url.search}`,
    servername: isIP(host) ? '' : host,
    headers: { host: url.host, ...headers, 'content-length': body.length },
    agent: isSecure ? agents.https : agents.http,
    maxHeaderSize: MAX_HEADER_BYTES,
    attempt,
  };
  return isSecure ? httpsRequest(options) : httpRequest(options);
}

function answerOf(request: ClientRequest, body: Buffer, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let answer: Answer | undefined;
    // Once there is a status, it counts, however the rest of the answer ends.
    const end = (error?: Error): void => {
      if (answer) resolve(answer);
      else reject(error ?? new Error('The connection was closed.'));
    };
    const abort = (): void => void request.destroy();
    signal.addEventListener('abort', abort, { once: true });
    request.on('error', end).once('close', () => {
      signal.removeEventListener('abort', abort);
      end();
    });
    request.once('response', (response: IncomingMessage) => {
      const { statusCode: status = 0, headers } = response;
      answer = { status, retryAfter: headers['retry-after'] };
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MAX_ANSWER_BYTES) request.destroy();
      });
      response.on('error', end).once('end', end);
    });
    if (signal.aborted) abort();
    request.end(body);
  });
}

function isReset(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ECONNRESET' || code === 'EPIPE';
}

/** Returns what an error of {@link exchange} says, without its text. */
export function failureOf(error: unknown): PushFailure {
  if (error instanceof ForbiddenAddressError) return 'forbidden-address';
  const { code } = error as NodeJS.ErrnoException;
  if (typeof code !== 'string') return 'unreachable';
  if (code.startsWith('HPE_')) return 'malformed-answer';
  return /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code) ? 'certificate' : 'unreachable';
}
