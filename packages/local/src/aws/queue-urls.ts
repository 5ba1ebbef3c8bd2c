import type { buildApp } from 'fauxqs';
import { loopbackUrl } from '../loopback.ts';
import { REGION } from './local-client-config.ts';

/**
 * Makes fauxqs speak of its queues by the address that it listens on. On its own it names a host,
 * `sqs.<region>.localhost`, that many machines do not resolve, and an SQS client follows a queue's
 * URL rather than its configured endpoint. Must be called before it listens.
 */
export function useReachableQueueUrls(app: ReturnType<typeof buildApp>): void {
  const prefixes = (localPort = 0) => ({
    inside: `http://sqs.${REGION}.localhost:${localPort}/`,
    outside: `${loopbackUrl(localPort)}/`,
  });
  app.addHook('preHandler', async ({ body, socket }) => {
    const { inside, outside } = prefixes(socket.localPort);
    if (isRecord(body) && 'QueueUrl' in body) body.QueueUrl = swap(body.QueueUrl, outside, inside);
  });
  app.addHook('preSerialization', async ({ socket }, _reply, payload) => {
    if (!isRecord(payload)) return payload;
    const { inside, outside } = prefixes(socket.localPort);
    const { QueueUrl, QueueUrls } = payload;
    if (QueueUrl !== undefined) return { ...payload, QueueUrl: swap(QueueUrl, inside, outside) };
    if (!Array.isArray(QueueUrls)) return payload;
    return { ...payload, QueueUrls: QueueUrls.map((url) => swap(url, inside, outside)) };
  });
}

function isRecord(value: unknown): value is { QueueUrl?: unknown; QueueUrls?: unknown } {
  return typeof value === 'object' && value !== null;
}

function swap(url: unknown, from: string, to: string): unknown {
  if (typeof url !== 'string' || !url.startsWith(from)) return url;
  return to + url.slice(from.length);
}
