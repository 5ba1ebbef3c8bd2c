import { type Clock, systemClock } from '../ports/clock.ts';
import { systemEntropy } from '../ports/entropy.ts';
import { silentLogger } from '../ports/logger.ts';
import { LogQueueManager } from './log-queue-manager.ts';
import { MemoryHost } from './memory-host.ts';

/** A clock whose timers do not keep the process alive. */
const idleClock: Clock = {
  now: systemClock.now,
  after(ms, callback) {
    const timer = setTimeout(callback, ms).unref();
    return () => clearTimeout(timer);
  },
};

/**
 * Queues of tasks within this process: for tests, and for servers of one process. They behave like
 * queues on a shared log, except that nothing outlives the process. The logs of tasks without a
 * queue or a tap are kept for the last 256 such tasks.
 */
export class InMemoryQueueManager extends LogQueueManager {
  constructor() {
    const host = new MemoryHost(idleClock, systemEntropy);
    super({
      host: () => host,
      offsets: host.offsets,
      clock: idleClock,
      entropy: systemEntropy,
      logger: silentLogger,
    });
  }
}
