import { type Clock, systemClock } from '../ports/clock.ts';
import { systemEntropy } from '../ports/entropy.ts';
import { silentLogger } from '../ports/logger.ts';
import { LogQueueManager } from './log-queue-manager.ts';
import { MemoryHost } from './memory-host.ts';

/** Keeps no process alive. */
const idleClock: Clock = {
  now: systemClock.now,
  after(ms, callback) {
    const timer = setTimeout(callback, ms).unref();
    return () => clearTimeout(timer);
  },
};

/**
 * Queues of tasks within this process: for tests, and for servers of one process. All is as with a
 * log that others share, but for what outlives the process; the logs of the last 256 tasks that
 * nobody has a queue or a tap of are kept.
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
