import type { Entropy } from '@a2a-aws/core';
import type { SimulatedProcess } from '@a2a-aws/testkit/fakes';
import { AgentCard } from '@a2a-js/sdk';
import type { A2ARequestHandler, AgentExecutor } from '@a2a-js/sdk/server';
import type { BackendOptions } from 'a2a-aws';
import { backendOf } from '../../packages/a2a-aws/src/create-backend.ts';
import { compressionInTurn } from './compression-in-turn.ts';
import type { PushWatch } from './push-watch.ts';
import type { ReadBack } from './read-back.ts';

export const TABLE = 'simulated';
export const PREFIX = 'sim';

function card(pushNotifications: boolean): AgentCard {
  const capabilities = { streaming: true, pushNotifications };
  return AgentCard.fromJSON({ name: 'Simulated', capabilities });
}

export interface ServerOptions {
  /** That of the process, and of those that take its place. */
  readonly name: string;
  readonly process: SimulatedProcess;
  readonly readBack: ReadBack;
  /** The table and the topic, with the clients and the clock of the process. */
  readonly deployment: BackendOptions;
  readonly entropy: Entropy;
  readonly executor: AgentExecutor;
  readonly onOrphan: 'fail' | 'resume';
  /** Receives the pushes, if the agent can push. */
  readonly pushes: PushWatch | undefined;
}

/** The server of one process: the real backend with its request handler, on the process's AWS clients. */
export interface Server {
  readonly process: SimulatedProcess;
  readonly handler: A2ARequestHandler;
  readonly readBack: ReadBack;
  start(): Promise<void>;
  stop(drainMs: number): Promise<void>;
  /** Returns the instance's id; undefined while it takes no requests. */
  instance(): string | undefined;
}

export function createServer(options: ServerOptions): Server {
  const { name, process, readBack, deployment, entropy, executor, onOrphan, pushes } = options;
  const settings = {
    ...deployment,
    prefix: PREFIX,
    instanceId: name,
    entropy,
    compression: compressionInTurn,
  };
  const backend = backendOf(settings, pushes ? { webhooks: pushes.webhooks(process) } : {});
  return {
    process,
    readBack,
    handler: backend.requestHandler(card(pushes !== undefined), executor, { onOrphan }),
    start: () => backend.start(),
    stop: (drainMs) => backend.stop({ drainMs }),
    instance: () => (backend.health().ready ? backend.stats().instance : undefined),
  };
}
