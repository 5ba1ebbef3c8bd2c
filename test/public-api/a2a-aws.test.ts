import type { AgentCard } from '@a2a-js/sdk';
import type { A2ARequestHandler, AgentExecutor, RequestContext } from '@a2a-js/sdk/server';
import {
  type Backend,
  type BackendErrorCode,
  type BackendHealth,
  type BackendOptions,
  type BackendStats,
  createBackend,
  type EventQueue,
  type Fanout,
  type HttpBinding,
  type ImportSummary,
  importTasks,
  type JanitorOptions,
  type JanitorReport,
  type QueueManager,
  type QueueOptions,
  type RequestHandlerOptions,
  type RunContext,
  rotateDoorbellKey,
  runContext,
  runJanitor,
  SnsQueueManager,
  type StopOptions,
  type TapOptions,
  type TaskKey,
} from 'a2a-aws';
import { expectTypeOf, test } from 'vitest';

// The compiler checks these tests: `npm run typecheck`. A test that fails there has found a change
// of the public API, which needs a changeset.

test('createBackend takes these options, each of which may be left out', () => {
  expectTypeOf(createBackend).toEqualTypeOf<(options?: BackendOptions) => Backend>();
  expectTypeOf<BackendOptions>().toEqualTypeOf<Partial<BackendOptions>>();
  expectTypeOf<keyof BackendOptions>().toEqualTypeOf<
    | 'cancelDeadlineMs'
    | 'clientConfig'
    | 'clients'
    | 'clock'
    | 'compression'
    | 'deadLetterArn'
    | 'entropy'
    | 'fanout'
    | 'inlineContent'
    | 'instanceId'
    | 'lease'
    | 'logErrorMessages'
    | 'logLevel'
    | 'logger'
    | 'onError'
    | 'maxRecordDelayMs'
    | 'overload'
    | 'ownerResolver'
    | 'ownerShards'
    | 'prefix'
    | 'push'
    | 'retentionMs'
    | 'retryDetection'
    | 'tableName'
    | 'topicArn'
  >();
  expectTypeOf<BackendOptions['fanout']>().toEqualTypeOf<
    'sns' | 'direct' | 'polling' | Fanout | undefined
  >();
});

test('a backend has these members', () => {
  expectTypeOf<keyof Backend>().toEqualTypeOf<
    | 'errors'
    | 'express'
    | 'grpc'
    | 'health'
    | 'instanceId'
    | 'pushStatus'
    | 'queues'
    | 'redrivePushes'
    | 'requestHandler'
    | 'resume'
    | 'start'
    | 'stats'
    | 'stop'
    | 'suspend'
  >();
  expectTypeOf<Backend['start']>().toEqualTypeOf<() => Promise<void>>();
  expectTypeOf<Backend['stop']>().toEqualTypeOf<(options?: StopOptions) => Promise<void>>();
  expectTypeOf<Backend['suspend']>().toEqualTypeOf<(options?: StopOptions) => Promise<void>>();
  expectTypeOf<Backend['resume']>().toEqualTypeOf<() => Promise<void>>();
  expectTypeOf<Backend['queues']>().toEqualTypeOf<() => QueueManager>();
  expectTypeOf<Backend['requestHandler']>().toEqualTypeOf<
    (card: AgentCard, executor: AgentExecutor, options?: RequestHandlerOptions) => A2ARequestHandler
  >();
  expectTypeOf<Parameters<Backend['errors']>>().toEqualTypeOf<[binding: HttpBinding]>();
  expectTypeOf<HttpBinding>().toEqualTypeOf<'JSONRPC' | 'HTTP+JSON'>();
});

test('health and stats have these fields', () => {
  expectTypeOf<BackendHealth>().toEqualTypeOf<{
    readonly live: boolean;
    readonly ready: boolean;
    readonly phase: BackendHealth['phase'];
    readonly leaseAgeMs: number | undefined;
    readonly doorbell: boolean | undefined;
    readonly doorbellFault: string | undefined;
    readonly backlog: number;
    readonly lagMs: number | undefined;
    readonly taps: number;
    readonly runs: number;
    readonly overloaded: boolean;
    readonly loopLagMs: number;
    readonly uncleaned: number;
  }>();
  expectTypeOf<Omit<BackendStats, 'instance'>>().toEqualTypeOf<
    Readonly<
      Record<
        | 'backlogBytes'
        | 'diverged'
        | 'ignored'
        | 'janitorCleaned'
        | 'janitorFailed'
        | 'openLogs'
        | 'publishFailed'
        | 'published'
        | 'received'
        | 'refusedEvents'
        | 'refusedRuns'
        | 'runs'
        | 'startingRuns'
        | 'taps'
        | 'unauthenticated'
        | 'unreadable',
        number
      >
    >
  >();
});

test('a handler takes these options', () => {
  expectTypeOf<keyof RequestHandlerOptions>().toEqualTypeOf<
    | 'agentCardSignatureGenerator'
    | 'extendedAgentCardProvider'
    | 'onOrphan'
    | 'pushNotificationSender'
    | 'pushNotificationStore'
    | 'validateInputModes'
  >();
  expectTypeOf<RequestHandlerOptions['onOrphan']>().toEqualTypeOf<'fail' | 'resume' | undefined>();
});

test('errors have these codes', () => {
  expectTypeOf<BackendErrorCode>().toEqualTypeOf<
    | 'access-denied'
    | 'agent-error'
    | 'backlog-full'
    | 'configuration'
    | 'corrupt-log'
    | 'credentials-missing'
    | 'diverged'
    | 'draining'
    | 'event-too-large'
    | 'expired'
    | 'fenced'
    | 'invalid-event'
    | 'invalid-key'
    | 'name-taken'
    | 'no-task-queue'
    | 'not-started'
    | 'overloaded'
    | 'queue-misuse'
    | 'queue-shut-down'
    | 'sealed'
    | 'table-mismatch'
    | 'table-not-found'
    | 'task-queue-exists'
    | 'task-running'
    | 'throttled'
    | 'topic-full'
    | 'topic-mismatch'
    | 'topic-not-found'
    | 'unknown-event'
    | 'unreachable'
  >();
});

test('a run tells its executor this', () => {
  expectTypeOf(runContext).toEqualTypeOf<(context: RequestContext) => RunContext | undefined>();
  expectTypeOf<RunContext>().toEqualTypeOf<{
    readonly signal: AbortSignal;
    readonly attempt: number;
    flush(): Promise<void>;
  }>();
});

test('a queue manager has these methods, on AWS as in memory', () => {
  expectTypeOf<QueueManager>().toEqualTypeOf<{
    add(key: TaskKey, options?: QueueOptions): Promise<EventQueue>;
    get(key: TaskKey): Promise<EventQueue | undefined>;
    tap(key: TaskKey, options?: TapOptions): Promise<EventQueue | undefined>;
    createOrTap(key: TaskKey, options?: QueueOptions & TapOptions): Promise<EventQueue>;
    close(key: TaskKey): Promise<void>;
  }>();
  expectTypeOf(SnsQueueManager).instance.toExtend<QueueManager & AsyncDisposable>();
  expectTypeOf<TaskKey>().toEqualTypeOf<{
    readonly tenant: string;
    readonly owner: string;
    readonly taskId: string;
  }>();
});

test('the other functions are called like this', () => {
  expectTypeOf(runJanitor).toEqualTypeOf<
    (options?: JanitorOptions, signal?: AbortSignal) => Promise<JanitorReport>
  >();
  expectTypeOf<JanitorReport>().toEqualTypeOf<
    Readonly<Record<'cleaned' | 'left' | 'queues' | 'subscriptions' | 'failed', number>>
  >();
  expectTypeOf(rotateDoorbellKey).returns.toEqualTypeOf<Promise<void>>();
  expectTypeOf(importTasks).returns.toEqualTypeOf<Promise<ImportSummary>>();
});
