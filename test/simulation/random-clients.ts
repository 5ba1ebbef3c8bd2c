import type { Scope } from '@a2a-aws/core';
import type { Fleet } from './fleet.ts';
import { randomScript } from './script.ts';
import type { SimulatedClient } from './simulated-client.ts';
import type { Send } from './simulated-requests.ts';

/** Random clients, which send, repeat, subscribe, read and cancel at random times. */
export class RandomClients {
  readonly #fleet: Fleet;
  readonly #client: (kind: string, scope: Scope) => SimulatedClient;
  #messages = 0;

  constructor(fleet: Fleet, client: (kind: string, scope: Scope) => SimulatedClient) {
    this.#fleet = fleet;
    this.#client = client;
  }

  /** Clients start `began` milliseconds from now. Most use one task of the first owner. */
  plan(began: number, [own, other]: readonly [Scope, Scope, ...Scope[]]): void {
    const { random, clock } = this.#fleet;
    const main = this.#first(own, began);
    const whenKnown = (at: number, then: (taskId: string) => void): void => {
      clock.after(at, () => {
        const { taskId, expected } = main;
        if (taskId !== undefined && expected?.hasTask) then(taskId);
      });
    };
    for (let n = random.whole(0, 3); n > 0; n -= 1) {
      whenKnown(began + random.whole(0, 15_000), (taskId) => {
        void this.#client('tap', own).subscribe(taskId);
      });
    }
    for (let n = random.whole(0, 2); n > 0; n -= 1) {
      whenKnown(began + random.whole(100, 20_000), (taskId) => {
        this.#send(own, { taskId, contextId: 'context-1' });
        if (random.percent(30)) this.#send(own, { taskId, contextId: 'context-1' });
      });
    }
    for (let n = random.whole(0, 2); n > 0; n -= 1) {
      whenKnown(began + random.whole(0, 20_000), (taskId) => {
        void this.#client('read', own).read(taskId);
      });
    }
    if (random.percent(35)) {
      whenKnown(began + random.whole(5, 12_000), (taskId) => {
        void this.#client('cancel', own).cancel(taskId);
      });
    }
    if (random.percent(20)) this.#first(other, began + random.whole(0, 5_000));
  }

  /** A new task. */
  #first(scope: Scope, at: number): SimulatedClient {
    const client = this.#client('send', scope);
    this.#fleet.clock.after(at, () => this.#send(scope, { contextId: 'context-1' }, client));
    return client;
  }

  #send(
    scope: Scope,
    to: Pick<Send, 'taskId' | 'contextId'>,
    client: SimulatedClient = this.#client('send', scope),
  ): void {
    const { random, clock } = this.#fleet;
    const send: Send = {
      ...to,
      messageId: `message-${++this.#messages}`,
      script: randomScript(random),
      mode: random.pick(['stream', 'stream', 'blocking', 'immediate']),
      leavesAfter: random.percent(15) ? random.whole(1, 4) : undefined,
    };
    void client.send(send);
    // The same message again, as after a time-out: no second run.
    if (random.percent(30)) {
      const again = this.#client('again', scope);
      clock.after(random.whole(50, 4_000), () => {
        void again.send({
          ...send,
          mode: random.pick(['stream', 'blocking']),
          leavesAfter: undefined,
        });
      });
    }
  }
}
