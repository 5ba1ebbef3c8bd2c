import type { Entropy, Logger } from '@a2a-aws/core';
import type { SimulatedProcess } from '@a2a-aws/testkit/fakes';
import { AgentCard } from '@a2a-js/sdk';
import type { A2ARequestHandler, AgentExecutor } from '@a2a-js/sdk/server';
import { createBackend } from 'a2a-aws';
import type { ReadBack } from './read-back.ts';

export const TABLE = 'simulated';
export const PREFIX = 'sim';

const CARD = AgentCard.fromJSON({ name: 'Simulated', capabilities: { streaming: true } });

export interface ServerOptions {
  /** That of the process, and of those that take its place. */
  readonly name: string;
  readonly process: SimulatedProcess;
  readonly readBack: ReadBack;
  readonly topicArn: string;
  readonly entropy: Entropy;
  readonly logger: Logger;
  readonly executor: AgentExecutor;
  readonly onOrphan: 'fail' | 'resume';
}

/** The server in one process: the real backend with the SDK's handler in it, on the process's AWS. */
export interface Server {
  readonly process: SimulatedProcess;
  readonly handler: A2ARequestHandler;
  readonly readBack: ReadBack;
  start(): Promise<void>;
  stop(drainMs: number): Promise<void>;
  /** The id under which it takes requests, if it does. */
  instance(): string | undefined;
}

export function createServer(options: ServerOptions): Server {
  const { name, process, readBack, topicArn, entropy, logger, executor, onOrphan } = options;
  const backend = createBackend({
    tableName: TABLE,
    topicArn,
    prefix: PREFIX,
    instanceId: name,
    clients: process.clients,
    logger,
    clock: process.clock,
    entropy,
  });
  return {
    process,
    readBack,
    handler: backend.requestHandler(CARD, executor, { onOrphan }),
    start: () => backend.start(),
    stop: (drainMs) => backend.stop({ drainMs }),
    instance: () => (backend.health().ready ? backend.stats().instance : undefined),
  };
}
