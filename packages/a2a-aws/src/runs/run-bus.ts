import type { Run } from '@a2a-aws/core/internal';
import {
  type AgentExecutionEvent,
  DefaultExecutionEventBus,
  type ExecutionEventBus,
  type ExecutionEventName,
} from '@a2a-js/sdk/server';

type AgentMessage = Extract<AgentExecutionEvent, { kind: 'message' }>;

/** Both kinds of listeners; which one it is, its event name says. */
type Listener = (event: AgentExecutionEvent) => void;

/**
 * The bus that an executor publishes on. Its listeners get each event once the log holds it (I2), as the
 * log holds it. They do not get events that the log refuses.
 */
export class RunBus implements ExecutionEventBus {
  readonly #run: Run;
  /** The bus of the listeners; `undefined` until there is one. */
  #outlet: ExecutionEventBus | undefined;

  constructor(run: Run) {
    this.#run = run;
  }

  /** Never throws. A value that is no event fails the run, even if the executor ignores errors. */
  publish(event: AgentExecutionEvent): void {
    if (isMessage(event)) void this.#answer(event);
    else void this.#run.publish(event);
  }

  /** Tells listeners that nothing follows, after all that was published before. */
  finished(): void {
    void this.#run.flush().then(() => this.#outlet?.finished());
  }

  on(name: ExecutionEventName, listener: Listener): this {
    this.#open().on(name as 'event', listener);
    return this;
  }

  off(name: ExecutionEventName, listener: Listener): this {
    this.#outlet?.off(name as 'event', listener);
    return this;
  }

  once(name: ExecutionEventName, listener: Listener): this {
    this.#open().once(name as 'event', listener);
    return this;
  }

  removeAllListeners(name?: ExecutionEventName): this {
    this.#outlet?.removeAllListeners(name);
    return this;
  }

  #open(): ExecutionEventBus {
    if (this.#outlet) return this.#outlet;
    const outlet = new DefaultExecutionEventBus();
    this.#run.onEvent((event) => outlet.publish(event));
    this.#outlet = outlet;
    return outlet;
  }

  async #answer(event: AgentMessage): Promise<void> {
    if (await this.#run.answer(event.data)) this.#outlet?.publish(event);
  }
}

function isMessage(event: AgentExecutionEvent): event is AgentMessage {
  try {
    return event.kind === 'message';
  } catch {
    return false;
  }
}
