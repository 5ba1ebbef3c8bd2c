export { BackendError, type BackendErrorCode, type LogFields, type Logger } from '@a2a-aws/core';
export type { BackendClients, ClientConfig } from './aws-clients.ts';
export {
  Backend,
  type BackendHealth,
  type BackendStats,
  type StopOptions,
} from './backend.ts';
export { createBackend } from './create-backend.ts';
export type { RequestHandlerOptions } from './handler-options.ts';
export type { Middleware } from './http-exchange.ts';
export type { BackendOptions } from './options.ts';
export { SnsQueueManager } from './sns-queue-manager.ts';
