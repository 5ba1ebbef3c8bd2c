import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type A2ARequestHandler,
  DefaultRequestHandler,
  InMemoryTaskStore,
} from '@a2a-js/sdk/server';
import { restHandler, UserBuilder } from '@a2a-js/sdk/server/express';
import { type Backend, createBackend } from 'a2a-aws';
import express from 'express';
import { agentCard } from '../../fixtures/agent-card.ts';
import { TokenAgent } from '../agent/token-agent.ts';

/** The time between two looks at the lease, in milliseconds. */
const LOOK_MS = 100;

/** Serves token streams over HTTP+JSON, with the backend or with the SDK alone. */
export class TokenServer {
  #backend: Backend | undefined;
  #server: Server | undefined;
  #maxLeaseAgeMs = 0;

  /** Serves with the backend, as an instance of the fleet. Resolves with the URL. */
  async serveBackend(fleet: string, name: string, maxRecordDelayMs?: number): Promise<string> {
    const names = { prefix: fleet, instanceId: name };
    // Without record delays, an instance is busy with few streams, and must take them all the same.
    const overload = maxRecordDelayMs === 0 ? { maxBusyShare: 2 } : {};
    const backend = createBackend({ ...names, maxRecordDelayMs, overload, logLevel: 'error' });
    this.#backend = backend;
    await backend.start();
    setInterval(() => {
      const { leaseAgeMs = 0 } = backend.health();
      this.#maxLeaseAgeMs = Math.max(this.#maxLeaseAgeMs, leaseAgeMs);
    }, LOOK_MS).unref();
    return this.#serve(backend.requestHandler(agentCard('http://127.0.0.1'), new TokenAgent()));
  }

  /** Serves with the SDK's handler and its store in memory. Resolves with the URL. */
  serveSdk(): Promise<string> {
    const store = new InMemoryTaskStore();
    return this.#serve(
      new DefaultRequestHandler(agentCard('http://127.0.0.1'), store, new TokenAgent()),
    );
  }

  /** Resolves with the id of the instance, and the largest age of its lease so far. */
  async state(): Promise<{ readonly instance: string; readonly maxLeaseAgeMs: number }> {
    return { instance: this.#backend?.instanceId ?? '', maxLeaseAgeMs: this.#maxLeaseAgeMs };
  }

  /** Resolves with the CPU time of this process so far, in milliseconds. */
  async cpuMs(): Promise<number> {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    this.#server?.close();
    await this.#backend?.stop({ drainMs: 1_000 });
  }

  async #serve(requestHandler: A2ARequestHandler): Promise<string> {
    const app = express();
    if (this.#backend) app.use(this.#backend.express());
    app.use(restHandler({ requestHandler, userBuilder: UserBuilder.noAuthentication }));
    this.#server = app.listen(0, '127.0.0.1');
    // The clients keep their connections between two loads.
    this.#server.keepAliveTimeout = 60_000;
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }
}
