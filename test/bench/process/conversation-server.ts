import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { restHandler, UserBuilder } from '@a2a-js/sdk/server/express';
import { type Backend, createBackend } from 'a2a-aws';
import express from 'express';
import { agentCard } from '../../fixtures/agent-card.ts';
import { AskingAgent } from '../agent/asking-agent.ts';
import { StallMeter, type Stalls } from '../meter/stall-meter.ts';

/** Serves long conversations over HTTP+JSON. DynamoDB runs in a separate process. */
export class ConversationServer {
  readonly #meter = new StallMeter();
  #backend: Backend | undefined;

  /** Resolves with the URL of the server. */
  async serve(prefix: string): Promise<string> {
    const backend = createBackend({ prefix, logLevel: 'warn' });
    this.#backend = backend;
    await backend.start();
    const requestHandler = backend.requestHandler(agentCard('http://127.0.0.1'), new AskingAgent());
    const app = express();
    app.use(backend.express());
    app.use(restHandler({ requestHandler, userBuilder: UserBuilder.noAuthentication }));
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  watch(): void {
    this.#meter.begin();
  }

  stalls(): Stalls {
    return this.#meter.end();
  }

  async stop(): Promise<void> {
    await this.#backend?.stop();
  }
}
