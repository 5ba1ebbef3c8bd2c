import type { Run } from '@a2a-aws/core/internal';
import type {
  AgentExecutionEvent,
  ExecutionEventBus,
  ExecutionEventName,
} from '@a2a-js/sdk/server';

type AgentMessage = Extract<AgentExecutionEvent, { kind: 'message' }>;

/** Both kinds of listeners; which one it is, its event name says. */
type Listener = (event: AgentExecutionEvent) => void;

/**
 * The bus that an executor publishes on. `outlet`, the bus that the SDK listens to, gets each event once
 * the log holds it (I2), as the log holds it. It does not get events that the log refuses.
 */
export class RunBus implements ExecutionEventBus {
  readonly #run: Run;
  readonly #outlet: ExecutionEventBus;

  constructor(run: Run, outlet: ExecutionEventBus) {
    this.#run = run;
    this.#outlet = outlet;
    run.onEvent((event) => this.#outlet.publish(event));
  }

  /** Never throws. A value that is no event fails the run, even if the executor ignores errors. */
  publish(event: AgentExecutionEvent): void {
    if (isMessage(event)) void this.#answer(event);
    else void this.#run.publish(event);
  }

  /** Tells listeners that nothing follows, after all that was published before. */
  finished(): void {
    void this.#run.flush().then(() => this.#outlet.finished());
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

  async #answer(event: AgentMessage): Promise<void> {
    if (await this.#run.answer(event.data)) this.#outlet.publish(event);
  }
}

function isMessage(event: AgentExecutionEvent): event is AgentMessage {
  try {
    return event.kind === 'message';
  } catch {
    return false;
  }
}
