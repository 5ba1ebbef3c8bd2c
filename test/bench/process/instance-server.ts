import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createDynamoDBClient } from '@a2a-aws/dynamodb';
import { createFanoutClients } from '@a2a-aws/sns-sqs';
import type { A2ARequestHandler } from '@a2a-js/sdk/server';
import { restHandler, UserBuilder } from '@a2a-js/sdk/server/express';
import { type Backend, type BackendClients, createBackend } from 'a2a-aws';
import express from 'express';
import { agentCard } from '../../fixtures/agent-card.ts';
import { callContext, send } from '../../fixtures/requests.ts';
import { type Script, StagedAgent } from '../agent/staged-agent.ts';
import { stampAge } from '../agent/stamped-text.ts';
import { HandPublisher, HandReceiver } from '../by-hand/chain-by-hand.ts';
import { heldBytes } from '../fakes/held-bytes.ts';
import { type CallCounts, CallMeter } from '../meter/call-meter.ts';
import { WriteMeter, type Written } from '../meter/write-meter.ts';
import { noteToParent } from './process-link.ts';
import { Subscription, type Tapped } from './subscription.ts';

export interface Played {
  readonly beganAt: number;
  readonly eventBytes: number;
}

export interface Metered {
  readonly calls: CallCounts;
  readonly written: Written;
}

/** One instance of the fleet, with the methods that the benchmark calls. */
export class InstanceServer {
  readonly #calls = new CallMeter();
  readonly #written = new WriteMeter();
  readonly #handPublisher = new HandPublisher();
  readonly #agent = new StagedAgent();
  #backend: Backend | undefined;
  #handler: A2ARequestHandler | undefined;
  #subscription: Subscription | undefined;
  #handReceiver: HandReceiver | undefined;
  #server: Server | undefined;

  /**
   * Starts the instance. `metered` is only set where calls and bytes are counted, because metering
   * costs time.
   */
  async start(fleet: string, name: string, metered: boolean): Promise<void> {
    const backend = createBackend({
      prefix: fleet,
      instanceId: name,
      ...(metered ? { clients: this.#meteredClients() } : {}),
    });
    await backend.start();
    this.#backend = backend;
    this.#handler = backend.requestHandler(agentCard('http://127.0.0.1'), this.#agent);
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    this.#server?.close();
    await this.#handReceiver?.stop();
    await this.#backend?.stop({ drainMs: 1_000 });
  }

  /** Starts a task. Resolves with its id once the task exists. */
  async send(): Promise<string> {
    const answer = await this.#ready.handler.sendMessage(
      send('Begin.', { returnImmediately: true }),
      callContext(),
    );
    if (!('id' in answer)) throw new Error('The agent answered without a task.');
    return answer.id;
  }

  /** Opens a tap. With `aged`, reports the age of each chunk to the parent. */
  async subscribe(id: string, aged: boolean): Promise<void> {
    const stream = this.#ready.handler.resubscribe({ tenant: '', id }, callContext());
    this.#subscription = await Subscription.open(
      stream,
      aged ? (text) => noteToParent(stampAge(text)) : () => {},
    );
  }

  /** Resolves with the output of the tap once it has ended. */
  async tapped(): Promise<Tapped | undefined> {
    return this.#subscription?.ended;
  }

  /** Serves HTTP+JSON. Resolves with the URL. */
  async serve(): Promise<string> {
    const { backend, handler: requestHandler } = this.#ready;
    const app = express();
    app.use(backend.express());
    app.use(restHandler({ requestHandler, userBuilder: UserBuilder.noAuthentication }));
    this.#server = app.listen(0, '127.0.0.1', BACKLOG);
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async held(): Promise<number> {
    return heldBytes();
  }

  /** Resolves with the CPU time of this process so far, in milliseconds. */
  async cpuMs(): Promise<number> {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  }

  /** Resolves with the bytes that the process had in memory at its peak and has now. */
  async memory(): Promise<{ readonly peak: number; readonly now: number }> {
    return { peak: process.resourceUsage().maxRSS * 1_024, now: process.memoryUsage().rss };
  }

  async play(script: Script): Promise<Played> {
    const beganAt = await this.#agent.play(script);
    return { beganAt, eventBytes: this.#agent.eventBytes() };
  }

  async publishStamped(): Promise<void> {
    this.#agent.publishStamped();
  }

  async receiveByHand(): Promise<void> {
    this.#handReceiver = await HandReceiver.start((age) => noteToParent(age));
  }

  publishByHand(): Promise<void> {
    return this.#handPublisher.publish();
  }

  /** Resolves with the number of doorbells that have arrived. */
  async received(): Promise<number> {
    return this.#ready.backend.stats().received;
  }

  /** Resolves when no run and no tap is left, and there has been no call for a while. */
  async settled(): Promise<void> {
    const { backend } = this.#ready;
    for (let calls = -1; ; ) {
      const { runs, taps } = backend.stats();
      const counted = this.#calls.counts().total;
      if (runs === 0 && taps === 0 && counted === calls) return;
      calls = counted;
      await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    }
  }

  async metered(): Promise<Metered> {
    return { calls: this.#calls.counts(), written: this.#written.bytes() };
  }

  get #ready(): { readonly backend: Backend; readonly handler: A2ARequestHandler } {
    if (!this.#backend || !this.#handler) throw new Error('The instance was not started.');
    return { backend: this.#backend, handler: this.#handler };
  }

  #meteredClients(): BackendClients {
    const dynamodb = createDynamoDBClient();
    const control = createDynamoDBClient();
    const clients = { dynamodb, control, ...createFanoutClients() };
    for (const client of Object.values(clients)) this.#calls.attach(client);
    this.#written.attach(dynamodb);
    this.#written.attach(control);
    return clients;
  }
}

/** Clients that connect at once; by default, a server refuses more than 511 that it has not accepted yet. */
const BACKLOG = 2_048;
const QUIET_MS = 300;
