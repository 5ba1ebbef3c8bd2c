import { A2AService, grpcService, UserBuilder } from '@a2a-js/sdk/server/grpc';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { createBackend } from 'a2a-aws';
import { agentCard, executor } from '../agent.ts';

const address = `127.0.0.1:${process.env.PORT}`;

const backend = createBackend();
await backend.start();
const requestHandler = backend.requestHandler(agentCard({ GRPC: address }), executor);
const service = grpcService({ requestHandler, userBuilder: UserBuilder.noAuthentication });

// Without keepalive, a client that vanishes without closing its connection keeps its streams open.
const server = new Server({ 'grpc.keepalive_time_ms': 60_000 });
server.addService(A2AService, backend.grpc(service)); // like backend.express() for the routers
server.bindAsync(address, ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
});

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, async () => {
    await backend.stop();
    server.forceShutdown();
  });
}
