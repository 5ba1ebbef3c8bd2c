import { AGENT_CARD_PATH } from '@a2a-js/sdk';
import type { A2ARequestHandler } from '@a2a-js/sdk/server';
import {
  agentCardHandler,
  jsonRpcHandler,
  restHandler,
  UserBuilder,
} from '@a2a-js/sdk/server/express';
import { type Backend, JSON_BODY } from 'a2a-aws';
import express, { type Express } from 'express';
import { JSON_RPC_PATH, REST_PATH } from './agent-card.ts';

/** The routes of a server of the cluster: the agent's card, both bindings, its health and counters. */
export function serverApp(
  name: string,
  backend: Backend,
  requestHandler: A2ARequestHandler,
): Express {
  const handler = { requestHandler, userBuilder: UserBuilder.noAuthentication };
  const app = express();
  app.disable('x-powered-by');
  app.use(backend.express());
  app.use(`/${AGENT_CARD_PATH}`, agentCardHandler({ agentCardProvider: requestHandler }));
  app.use([JSON_RPC_PATH, REST_PATH], express.json(JSON_BODY));
  app.use(JSON_RPC_PATH, jsonRpcHandler(handler), backend.errors('JSONRPC'));
  app.use(REST_PATH, restHandler(handler), backend.errors('HTTP+JSON'));
  app.get('/health', (_request, response) => {
    const health = backend.health();
    response.status(health.ready ? 200 : 503).json({ name, ...health });
  });
  app.get('/stats', (_request, response) => {
    response.json(backend.stats());
  });
  return app;
}
