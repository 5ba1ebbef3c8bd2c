import { AGENT_CARD_PATH } from '@a2a-js/sdk';
import {
  agentCardHandler,
  jsonRpcHandler,
  restHandler,
  UserBuilder,
} from '@a2a-js/sdk/server/express';
import { createBackend, JSON_BODY } from 'a2a-aws';
import express from 'express';
import { agentCard, executor } from './agent.ts'; // yours, unchanged

const backend = createBackend(); // A2A_TABLE_NAME, A2A_TOPIC_ARN, AWS_REGION …
await backend.start();
const requestHandler = backend.requestHandler(agentCard, executor); // instead of DefaultRequestHandler
const userBuilder = UserBuilder.noAuthentication;

const app = express();
app.get('/health', (_, res) => void res.status(backend.health().ready ? 200 : 503).end());
app.use(backend.express()); // before the SDK's routers
app.use(`/${AGENT_CARD_PATH}`, agentCardHandler({ agentCardProvider: requestHandler }));
app.use('/a2a', express.json(JSON_BODY)); // messages of up to 4 MiB
app.use('/a2a/jsonrpc', jsonRpcHandler({ requestHandler, userBuilder }), backend.errors('JSONRPC'));
app.use('/a2a/rest', restHandler({ requestHandler, userBuilder }), backend.errors('HTTP+JSON'));
const server = app.listen(Number(process.env.PORT), process.env.HOST ?? '127.0.0.1'); // 0.0.0.0 in a container
server.keepAliveTimeout = 65_000; // longer than a load balancer keeps an idle connection: 60 s
server.headersTimeout = 66_000;

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, async () => {
    await backend.stop(); // runs finish, streams end, the queue is removed
    server.close();
    server.closeAllConnections(); // all answers are complete
  });
}
