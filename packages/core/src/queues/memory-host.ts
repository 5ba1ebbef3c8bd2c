import { Keyring } from '../doorbells/keyring.ts';
import { MemoryConsumerOffsets } from '../memory/memory-consumer-offsets.ts';
import { MemoryFanout } from '../memory/memory-fanout.ts';
import { MemoryInstanceRegistry } from '../memory/memory-instance-registry.ts';
import { MemoryLogStorage } from '../memory/memory-log-storage.ts';
import { DEFAULT_RETENTION_MS } from '../model/retention.ts';
import type { Clock } from '../ports/clock.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { Intent, WatchRow } from '../ports/instance-registry.ts';
import { silentLogger } from '../ports/logger.ts';
import type { OpenLog } from '../reading/open-log.ts';
import { OpenLogs, type OpenLogsDeps } from '../reading/open-logs.ts';
import { type Begun, Intents, type RunRequest } from '../runs/intents.ts';
import { type TaskKey, taskKeyText } from '../task-key.ts';
import type { QueueHost } from './queue-host.ts';

/** The number of unused logs that are kept: the most recently used ones. */
const KEPT_LOGS = 256;

/** The rows of a single process, which needs no cleanup: a removed watch leaves no index row. */
class OwnRegistry extends MemoryInstanceRegistry {
  override async removeWatch(row: WatchRow): Promise<void> {
    await super.removeWatch(row);
    await this.removeWatchIndex(row);
  }
}

/** The open logs, and the keys of unused logs, of which at most {@link KEPT_LOGS} are kept. */
class MemoryOpenLogs extends OpenLogs {
  /** In order of use: the most recently used log is the last. */
  readonly unused: Map<string, TaskKey> = new Map();
  readonly #forget: (key: TaskKey) => void;

  constructor(deps: OpenLogsDeps, forget: (key: TaskKey) => void) {
    super(deps);
    this.#forget = forget;
  }

  override acquire(key: TaskKey): OpenLog {
    this.unused.delete(taskKeyText(key));
    return super.acquire(key);
  }

  override release(open: OpenLog): void {
    super.release(open);
    if (open.isUsed) return;
    this.unused.set(taskKeyText(open.log.key), open.log.key);
    const [oldest] = this.unused;
    if (!oldest || this.unused.size <= KEPT_LOGS) return;
    const [text, key] = oldest;
    this.unused.delete(text);
    this.#forget(key);
  }
}

/**
 * The only instance of an in-memory fleet. It sends no heartbeats, receives no doorbells and never
 * stops.
 */
export class MemoryHost implements QueueHost {
  readonly logs: OpenLogs;
  readonly intents: Intents;
  readonly signal: AbortSignal = new AbortController().signal;
  readonly offsets: MemoryConsumerOffsets = new MemoryConsumerOffsets();

  constructor(clock: Clock, entropy: Entropy) {
    const registry = new OwnRegistry();
    const storage = new MemoryLogStorage();
    const shared = {
      instance: 'memory',
      storage,
      registry,
      fanout: new MemoryFanout(new Map()),
      retentionMs: DEFAULT_RETENTION_MS,
      clock,
      entropy,
      logger: silentLogger,
      signal: this.signal,
    };
    // It receives no doorbells, so it needs no keys.
    const keyring = new Keyring(shared);
    this.logs = new MemoryOpenLogs({ ...shared, keyring }, (key) => {
      storage.forget(key);
      this.offsets.forget(key);
    });
    const heartbeat = { recordIntent: (row: Intent) => registry.putIntent(row) };
    this.intents = new Intents({ ...shared, logs: this.logs, heartbeat });
  }

  assertReady(): void {}

  begin(key: TaskKey, request: RunRequest): Promise<Begun> {
    return this.intents.begin(key, request);
  }
}
