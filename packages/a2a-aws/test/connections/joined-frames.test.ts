import { systemClock, systemEntropy } from '@a2a-aws/core';
import { AgentCard, StreamResponse } from '@a2a-js/sdk';
import { TaskNotFoundError } from '@a2a-js/sdk/errors';
import type { A2ARequestHandler } from '@a2a-js/sdk/server';
import { jsonRpcHandler, restHandler, UserBuilder } from '@a2a-js/sdk/server/express';
import express from 'express';
import { expect, test, vi } from 'vitest';
import { connectionOf } from '../../src/connections/connection.ts';
import { connectionMiddleware } from '../../src/connections/connection-middleware.ts';
import { OpenConnections } from '../../src/connections/open-connections.ts';
import { type RawAnswer, rawAnswer } from '../fixtures/raw-answer.ts';

const card = AgentCard.fromJSON({
  capabilities: { streaming: true },
  supportedInterfaces: ['JSONRPC', 'HTTP+JSON'].map((protocolBinding) => ({
    url: 'http://127.0.0.1/',
    protocolBinding,
    protocolVersion: '1.0',
  })),
});
const BINDINGS = [
  {
    name: 'JSONRPC',
    path: '/rpc',
    body: { jsonrpc: '2.0', id: 7, method: 'SubscribeToTask', params: { id: 't' } },
  },
  { name: 'HTTP+JSON', path: '/rest/tasks/t:subscribe', body: {} },
];
const FRAMES = 5;

/** Subscribes to a task with {@link FRAMES} events in one turn; `fails`: an error follows them. */
function subscribed({ path, body }: { path: string; body: object }, fails: boolean) {
  const requestHandler = {
    getAgentCard: async () => card,
    async *resubscribe(_params, context) {
      const connection = connectionOf(context);
      connection?.expectStream();
      for (let at = 1; at <= FRAMES; at += 1) {
        connection?.stamp({ cursor: `cursor-${at}`, generation: at, hasField: at === 2 });
        yield StreamResponse.fromJSON({ statusUpdate: { taskId: 't', contextId: `${at}` } });
      }
      if (fails) throw new TaskNotFoundError();
    },
  } as Partial<A2ARequestHandler> as A2ARequestHandler;
  const handler = { requestHandler, userBuilder: UserBuilder.noAuthentication };
  const app = express();
  app.use(connectionMiddleware(systemClock, new OpenConnections(), systemEntropy));
  app.use('/rpc', jsonRpcHandler(handler));
  app.use('/rest', restHandler(handler));
  return rawAnswer(app, { method: 'POST', path, body: JSON.stringify(body) });
}

function framesOf({ chunks }: RawAnswer): string[] {
  return chunks.join('').split('\n\n').slice(0, -1);
}

test.each(BINDINGS)('$name: the frames of a turn leave in one write', async (binding) => {
  const answer = await subscribed(binding, false);
  expect(answer.chunks).toHaveLength(1);
  const frames = framesOf(answer);
  expect(frames).toHaveLength(FRAMES);
  for (const [at, frame] of frames.entries()) {
    expect(frame).toMatch(new RegExp(`^id: cursor-${at + 1}\ndata: \\{.*"contextId":"${at + 1}"`));
    expect(frame.includes('"generation":2')).toBe(at === 1);
  }
});

test.each(BINDINGS)('$name: an error comes after the frames of its turn', async (binding) => {
  const silent = vi.spyOn(console, 'error').mockImplementation(() => {});
  const answer = await subscribed(binding, true);
  silent.mockRestore();
  const frames = framesOf(answer);
  expect(frames).toHaveLength(FRAMES + 1);
  expect(frames.at(-1)).toMatch(/^event: error\ndata: /);
});
