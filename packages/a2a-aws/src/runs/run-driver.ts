import type { Clock, Logger } from '@a2a-aws/core';
import {
  errorFields,
  fencedError,
  inSlices,
  type Run,
  sleep,
  taskFields,
} from '@a2a-aws/core/internal';
import { UnsupportedOperationError } from '@a2a-js/sdk/errors';
import { type AgentExecutor, type ExecutionEventBus, RequestContext } from '@a2a-js/sdk/server';
import { generationMismatch } from '../generations/generation-mismatch.ts';
import { ANY_RECEIVER } from '../pushes/any-receiver.ts';
import type { UserErrors } from '../user-code/user-error-reports.ts';
import { recordRequest } from './recorded-request.ts';
import { RunBus } from './run-bus.ts';
import { bindRun } from './run-context.ts';
import type { Assignment, RunScope, StartedBy } from './run-scope.ts';

const FAILED = 'The agent failed.';
/** How long an executor may go on after its run has ended, in milliseconds. */
const GRACE_MS = 5_000;

export interface RunDriverDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly errors: UserErrors;
  /** Its runs may be run again on another instance if this one is lost. */
  readonly isResumable: boolean;
  /** The sender of the application gets the events of every task. */
  readonly hasSender: boolean;
}

/** Opens a send's run in the log, has the user's executor work, ends the run. */
export class RunDriver {
  readonly #executor: AgentExecutor;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #errors: UserErrors;
  readonly #isResumable: boolean;
  readonly #hasSender: boolean;
  /** Logs whose executor was told to stop: once per task, however many runs it has here. */
  readonly #told = new WeakSet<object>();

  constructor(executor: AgentExecutor, deps: RunDriverDeps) {
    this.#executor = executor;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#errors = deps.errors;
    this.#isResumable = deps.isResumable;
    this.#hasSender = deps.hasSender;
  }

  /**
   * Drives the run of one message to its end. `request` is the SDK's context of the message. Never rejects:
   * a run that does not start rejects the scope.
   */
  async drive(scope: RunScope, request: RequestContext): Promise<void> {
    try {
      await this.#drive(scope, request);
    } catch (error) {
      scope.reject(error);
      this.#logger.warn('run.cut-short', { ...taskFields(scope.key), ...errorFields(error) });
    }
  }

  async #drive(scope: RunScope, request: RequestContext): Promise<void> {
    const { by } = scope;
    const assignment = 'resumed' in by ? by.resumed : await this.#begin(by, scope, request);
    if (!assignment) return;
    const { run } = assignment;
    const bus = new RunBus(run);
    scope.resolve({ run: run.id, own: true });
    // Not the scope's: of a run that was long in starting, the sender has left, and closed that.
    const task = run.open.log.picture();
    const context = new RequestContext(
      { ...scope.request, message: request.userMessage },
      scope.key.taskId,
      request.contextId,
      request.context,
      task && (await inSlices(task.copying(), this.#clock)),
      request.referenceTasks,
    );
    bindRun(context, run);
    // An executor would never learn of a stop from before its begin.
    if (!run.signal.aborted) {
      const over = new AbortController();
      const stopped = this.#stopOnDemand(run, bus, over.signal);
      await Promise.race([this.#work(context, bus, run), stopped]);
      over.abort();
    }
    try {
      await assignment.finish();
    } finally {
      bus.finished();
    }
  }

  /** Starts the run of a message, or resolves to `undefined` if there will be none; the scope holds the reason. */
  async #begin(
    { instance, retry, isNewTask, ifGeneration }: Exclude<StartedBy, { resumed: Assignment }>,
    scope: RunScope,
    request: RequestContext,
  ): Promise<Assignment | undefined> {
    const begun = await instance.begin(scope.key, {
      retry,
      isNewTask,
      ifGeneration,
      push: this.#hasSender ? ANY_RECEIVER : scope.push,
      contextId: request.contextId,
      message: request.userMessage,
      digest: scope.digest,
      resume: this.#isResumable ? recordRequest(scope.request, request.context) : undefined,
    });
    if ('run' in begun) {
      return { run: begun.run, finish: () => instance.intents.finish(begun.run) };
    }
    const first = scope.open.log.state.messages.get(scope.digest);
    if (begun.refused === 'duplicate' && first) scope.resolve({ run: first, own: false });
    else if (begun.refused === 'used') scope.resolve({ run: undefined, own: false });
    else if (begun.refused === 'generation' && ifGeneration !== undefined) {
      scope.reject(generationMismatch(scope.open, ifGeneration, request.context));
    } else scope.reject(refusalError(begun.refused));
    return undefined;
  }

  async #work(context: RequestContext, bus: ExecutionEventBus, run: Run): Promise<void> {
    try {
      await this.#executor.execute(context, bus);
    } catch (thrown) {
      // The error may hold content of messages, so clients never see it.
      if (run.signal.aborted) this.#report('run.executor-stopped', thrown, run, 'info');
      else this.#report('run.executor-failed', thrown, run);
      await run.fail(FAILED);
    }
  }

  /**
   * Tells the executor to stop. Resolves when the log accepts no more events of the run, and waiting for
   * the executor would change nothing. `over` aborts when the executor has returned.
   */
  #stopOnDemand(run: Run, bus: ExecutionEventBus, over: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      run.onStop((reason) => {
        if (reason === 'ended') {
          // It published its final event. It may tidy up, but nothing waits for it forever.
          void sleep(this.#clock, GRACE_MS, over).then(() => {
            if (over.aborted) return;
            run.halt();
            resolve();
          });
          return;
        }
        if (reason === 'closed') resolve();
        if (this.#told.has(run.open)) return;
        this.#told.add(run.open);
        this.#cancel(run.open.log.key.taskId, bus).catch((thrown: unknown) => {
          this.#report('run.cancel-failed', thrown, run);
        });
      });
    });
  }

  #report(event: string, thrown: unknown, run: Run, level?: 'error' | 'info'): void {
    const { key } = run.open.log;
    const about = { source: 'executor', taskId: key.taskId, run: run.id, scope: key } as const;
    this.#errors.report(event, thrown, about, level);
  }

  async #cancel(taskId: string, bus: ExecutionEventBus): Promise<void> {
    await this.#executor.cancelTask(taskId, bus);
  }
}

function refusalError(refused: string): Error {
  switch (refused) {
    case 'sealed':
      return new UnsupportedOperationError('The task has ended and takes no more messages.');
    case 'cancelling':
      return new UnsupportedOperationError('The task is being canceled.');
    default:
      return fencedError();
  }
}
