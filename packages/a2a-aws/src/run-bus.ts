import { eventTaskId, type Logger, type Run } from '@a2a-aws/core';
import type {
  AgentExecutionEvent,
  ExecutionEventBus,
  ExecutionEventName,
} from '@a2a-js/sdk/server';

/** Both kinds of listeners; which one it is, its event name says. */
type Listener = (event: AgentExecutionEvent) => void;

/**
 * The bus that an executor publishes on. An event reaches `outlet`, the bus that the SDK listens to,
 * only once it is durable, as it stands in the log (I2); what the log refuses reaches nobody.
 */
export class RunBus implements ExecutionEventBus {
  readonly #run: Run;
  readonly #taskId: string;
  readonly #outlet: ExecutionEventBus;
  readonly #logger: Logger;
  #delivered: Promise<unknown> = Promise.resolve();

  constructor(run: Run, taskId: string, outlet: ExecutionEventBus, logger: Logger) {
    this.#run = run;
    this.#taskId = taskId;
    this.#outlet = outlet;
    this.#logger = logger;
  }

  publish(event: AgentExecutionEvent): void {
    if (event.kind === 'message') {
      this.#deliver(this.#run.answer(event.data).then((done) => (done ? event : undefined)));
    } else if (eventTaskId(event) === this.#taskId) {
      this.#deliver(this.#run.publish(event));
    } else {
      // It may be another owner's task: such an event must not reach any log.
      this.#logger.warn('run.event-refused', { run: this.#run.id, code: 'other-task' });
    }
  }

  /** Tells listeners that nothing follows, after all that was published before. */
  finished(): void {
    void this.#delivered.then(() => this.#outlet.finished());
  }

  on(name: ExecutionEventName, listener: Listener): this {
    this.#outlet.on(name as 'event', listener);
    return this;
  }

  off(name: ExecutionEventName, listener: Listener): this {
    this.#outlet.off(name as 'event', listener);
    return this;
  }

  once(name: ExecutionEventName, listener: Listener): this {
    this.#outlet.once(name as 'event', listener);
    return this;
  }

  removeAllListeners(name?: ExecutionEventName): this {
    this.#outlet.removeAllListeners(name);
    return this;
  }

  #deliver(durable: Promise<AgentExecutionEvent | undefined>): void {
    const delivered = durable.then((event) => {
      if (event) this.#outlet.publish(event);
    });
    this.#delivered = Promise.all([this.#delivered, delivered]).then(() => {});
  }
}
