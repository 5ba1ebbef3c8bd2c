import { AGENT_CARD_PATH } from '@a2a-js/sdk';
import type { AgentExecutor } from '@a2a-js/sdk/server';
import {
  agentCardHandler,
  jsonRpcHandler,
  restHandler,
  UserBuilder,
} from '@a2a-js/sdk/server/express';
import { type BackendOptions, createBackend, JSON_BODY, type RequestHandlerOptions } from 'a2a-aws';
import express from 'express';
import { agentCard } from '../agent.ts';

/** Serves an agent on the port of the environment, until a signal ends the process. */
export async function serve(
  executor: AgentExecutor,
  options: BackendOptions,
  handlerOptions?: RequestHandlerOptions,
): Promise<void> {
  const port = Number(process.env.PORT);
  const url = `http://127.0.0.1:${port}`;
  const card = agentCard({ JSONRPC: `${url}/jsonrpc`, 'HTTP+JSON': `${url}/rest` });
  const backend = createBackend(options);
  const requestHandler = backend.requestHandler(card, executor, handlerOptions);
  await backend.start();
  const userBuilder = UserBuilder.noAuthentication;

  const app = express();
  app.use(backend.express());
  app.use(`/${AGENT_CARD_PATH}`, agentCardHandler({ agentCardProvider: requestHandler }));
  app.use(express.json(JSON_BODY));
  app.use('/jsonrpc', jsonRpcHandler({ requestHandler, userBuilder }), backend.errors('JSONRPC'));
  app.use('/rest', restHandler({ requestHandler, userBuilder }), backend.errors('HTTP+JSON'));
  const server = app.listen(port, '127.0.0.1', () => process.send?.('ready'));

  process.once('SIGTERM', async () => {
    await backend.stop({ drainMs: 0 });
    server.close();
    server.closeAllConnections();
  });
}
