import { AGENT_CARD_PATH } from '@a2a-js/sdk';
import { UnauthenticatedUser } from '@a2a-js/sdk/server';
import { agentCardHandler, jsonRpcHandler, type UserBuilder } from '@a2a-js/sdk/server/express';
import { createBackend, JSON_BODY } from 'a2a-aws';
import express from 'express';
import { agentCard, executor } from '../agent.ts';
import { TeamMember, userOf } from './users.ts';

const port = Number(process.env.PORT);
const card = agentCard({ JSONRPC: `http://127.0.0.1:${port}/a2a/jsonrpc` });

const backend = createBackend({
  // A task belongs to a team. By default it belongs to the user alone.
  ownerResolver: ({ user }) => {
    if (user instanceof TeamMember) return user.team;
    throw new Error('The user was not authenticated.');
  },
});
await backend.start();
const requestHandler = backend.requestHandler(card, executor);
const userBuilder: UserBuilder = async (request) =>
  userOf(request.header('authorization')) ?? new UnauthenticatedUser();

const app = express();
app.use(backend.express());
app.use(`/${AGENT_CARD_PATH}`, agentCardHandler({ agentCardProvider: requestHandler }));
// Requests without a valid token end here: no body is read, no task is touched.
app.use('/a2a', (request, response, next) => {
  if (userOf(request.header('authorization'))) next();
  else response.status(401).set('WWW-Authenticate', 'Bearer').end();
});
app.use('/a2a', express.json(JSON_BODY));
app.use('/a2a/jsonrpc', jsonRpcHandler({ requestHandler, userBuilder }), backend.errors('JSONRPC'));
const server = app.listen(port, '127.0.0.1');

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, async () => {
    await backend.stop();
    server.close();
    server.closeAllConnections();
  });
}
