import { errorFields } from '../logging/error-fields.ts';
import type { Fanout } from '../ports/fanout.ts';
import type { InstanceRegistry } from '../ports/instance-registry.ts';
import type { Logger } from '../ports/logger.ts';
import { taskKeyText } from '../task-key.ts';
import type { Doorbell } from './doorbell.ts';
import { encodeDoorbell } from './doorbell-codec.ts';
import type { Keyring } from './keyring.ts';
import { ReachableTargets } from './reachable-targets.ts';

export interface DoorbellSenderDeps {
  readonly instance: string;
  readonly registry: InstanceRegistry;
  readonly fanout: Fanout;
  /** Seals the doorbells. */
  readonly keyring: Pick<Keyring, 'seal'>;
  readonly logger: Logger;
}

/** Sends doorbells to other instances, and probes to this one. */
export class DoorbellSender {
  readonly #deps: DoorbellSenderDeps;
  readonly #targets: ReachableTargets;

  constructor(deps: DoorbellSenderDeps) {
    this.#deps = deps;
    this.#targets = new ReachableTargets(deps.instance, deps.registry);
  }

  /** Returns true if the transport has taken the doorbell; false if it has not, or delivers none. */
  async send(targets: readonly string[], doorbell: Doorbell): Promise<boolean> {
    const { fanout, keyring } = this.#deps;
    const { seal } = keyring;
    if (!fanout.delivers || !seal) return false;
    const message = encodeDoorbell(doorbell, fanout.maxBytes, seal);
    try {
      const known = this.#targets.of(targets);
      // Known targets are reached without a turn of the event loop.
      const reachable = known instanceof Promise ? await known : known;
      if (reachable.length === 0) return false;
      // The fan-out counts and retries; a doorbell that it gives up costs the time to the next read.
      return await fanout.publish(reachable, message, taskOf(doorbell));
    } catch (error) {
      this.#deps.logger.warn('doorbell.target-unknown', errorFields(error));
      return false;
    }
  }
}

function taskOf(doorbell: Doorbell): string | undefined {
  return 'key' in doorbell ? taskKeyText(doorbell.key) : undefined;
}
