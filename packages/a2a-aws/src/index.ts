export {
  type AgentError,
  AgentErrorRaised,
  BackendError,
  type BackendErrorCode,
  type Clock,
  type CloseOptions,
  type Compression,
  type EnqueuedEvent,
  type Entropy,
  type ErrorEvent,
  EventConsumer,
  type EventQueue,
  type EventTap,
  type Fanout,
  type FanoutAddress,
  type FanoutReceiver,
  type FanoutStats,
  type ImportSource,
  type ImportSummary,
  InMemoryQueueManager,
  type LeaseSettings,
  type LogFields,
  type Logger,
  type LogLevel,
  type LogSink,
  NoTaskQueue,
  type QueuedEvent,
  type QueueEvent,
  type QueueManager,
  type QueueOptions,
  QueueShutDown,
  type TapOptions,
  type TaskEvent,
  type TaskKey,
  TaskQueueExists,
} from '@a2a-aws/core';
export { DistributedEventQueue } from '@a2a-aws/core/internal';
export {
  createDynamoDBClient,
  createTable,
  DynamoDBCursorStore,
  type DynamoDBCursorStoreOptions,
  DynamoDBPushNotificationStore,
  type DynamoDBPushNotificationStoreOptions,
  DynamoDBTaskStore,
  type DynamoDBTaskStoreOptions,
  documentClient,
  type ImportTasksOptions,
  importTasks,
} from '@a2a-aws/dynamodb';
export {
  createFanoutClients,
  QueueLifecycleManager,
  type QueueLifecycleManagerOptions,
  type QueueProvisionResult,
} from '@a2a-aws/sns-sqs';
export { Backend, type StopOptions } from './backend.ts';
export type { BackendHealth } from './backend-health.ts';
export type { BackendStats } from './backend-stats.ts';
export type { Middleware } from './connections/connection-middleware.ts';
export { type ErrorMiddleware, type HttpBinding, JSON_BODY } from './connections/request-error.ts';
export { createBackend } from './create-backend.ts';
export type { RequestHandlerOptions } from './handler/handler-options.ts';
export { type JanitorOptions, type JanitorReport, runJanitor } from './janitor/janitor.ts';
export { type PinoLike, pinoLogger } from './logging/sinks.ts';
export type { BackendClients, ClientConfig } from './options/aws-clients.ts';
export type { BackendOptions } from './options/backend-options.ts';
export type { FanoutChoice } from './options/fanout-option.ts';
export type { OverloadLimits } from './overload/overload.ts';
export { LATEST_ONLY_PUSHES } from './pushes/latest-only.ts';
export type { PushOptions } from './pushes/push-settings.ts';
export type { PushStatus } from './pushes/push-status.ts';
export { type RotationOptions, rotateDoorbellKey } from './rotate-doorbell-key.ts';
export { type RunContext, runContext } from './runs/run-context.ts';
export { SnsQueueManager } from './sns-queue-manager.ts';
export { RESUMABLE_STREAMS } from './streams/extension.ts';
export type { ErrorContext, ErrorSource, OnError } from './user-code/user-error-reports.ts';
