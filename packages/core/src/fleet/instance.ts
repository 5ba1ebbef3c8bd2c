import { setMaxListeners } from 'node:events';
import { Keyring } from '../doorbells/keyring.ts';
import { BackendError, errorCode, fencedError } from '../errors.ts';
import { compareSlots } from '../model/slot.ts';
import { withTimeout } from '../ports/clock.ts';
import { withFields } from '../ports/logger.ts';
import { PushDispatcher } from '../pushes/push-dispatcher.ts';
import type { OpenLog } from '../reading/open-log.ts';
import { OpenLogs } from '../reading/open-logs.ts';
import { type CancelOutcome, cancelTask } from '../runs/cancel.ts';
import { type Begun, Intents, type RunRequest } from '../runs/intents.ts';
import type { Run } from '../runs/run.ts';
import type { TaskKey } from '../task-key.ts';
import { Heartbeat } from './heartbeat.ts';
import type { InstanceDeps } from './instance-deps.ts';
import { InstanceEndpoint } from './instance-endpoint.ts';
import { InstanceRows } from './instance-rows.ts';
import { Janitor } from './janitor.ts';
import { RetiredSweep } from './retired-sweep.ts';
import { Retirement } from './retirement.ts';
import { StaleRowSweep } from './stale-row-sweep.ts';

/** Codes of endpoint faults that only a deployment can fix. */
const LASTING: ReadonlySet<string> = new Set([
  'access-denied',
  'configuration',
  'topic-mismatch',
  'topic-not-found',
]);

/** Returns true for a lasting fault of SNS or SQS, which fails a first start. */
export function isLasting(fault: unknown): boolean {
  return LASTING.has(errorCode(fault));
}

/** How long a stop waits for readers to receive the remaining events, in milliseconds. */
const READERS_MS = 1_000;
/** The phase of an instance's life. */
export type InstancePhase = 'new' | 'ready' | 'draining' | 'stopped' | 'dead';

/** One life of one server process in the fleet, from its lease to its teardown or its death. */
export class Instance {
  readonly id: string;
  readonly logs: OpenLogs;
  readonly janitor: Janitor;
  readonly retiredSweep: RetiredSweep;
  readonly intents: Intents;
  readonly endpoint: InstanceEndpoint;
  /** `undefined` if this process has no ledger. */
  readonly pushes: PushDispatcher | undefined;
  readonly #deps: InstanceDeps;
  readonly #heartbeat: Heartbeat;
  readonly #cleaningIntents: Intents;
  readonly #keyring: Keyring;
  readonly #sweep: StaleRowSweep;
  readonly #retirement: Retirement;
  readonly #end = new AbortController();
  readonly #handoff = new AbortController();
  readonly #died: (dead: Instance) => void;
  readonly #readers = new Set<symbol>();
  #unread: (() => void) | undefined;
  #phase: InstancePhase = 'new';

  /** `died` is called once if the instance learns that it was declared dead. */
  constructor(deps: InstanceDeps, died: (dead: Instance) => void) {
    this.id = deps.id;
    // Many waits listen to these signals; each removes its own listener.
    setMaxListeners(0, this.#end.signal);
    setMaxListeners(0, this.#handoff.signal);
    const logger = withFields(deps.logger, { instance: deps.id });
    this.#deps = { ...deps, logger };
    this.#died = died;
    const own = { ...this.#deps, instance: deps.id, signal: this.#end.signal };
    const control = { ...own, ...deps.control };
    this.#keyring = new Keyring(control);
    const pushDue = (key: TaskKey): void => this.pushes?.wake(key);
    this.logs = new OpenLogs({ ...own, keyring: this.#keyring, pushDue });
    const secure = async ({ log }: OpenLog, reads: boolean): Promise<void> => {
      if (log.state.pushes.size > 0) await this.pushes?.secure(log.key, reads);
    };
    const role = deps.role ?? 'server';
    const heartbeat = new Heartbeat({ ...control, role, died: () => this.#die() });
    this.#heartbeat = heartbeat;
    this.endpoint = new InstanceEndpoint({
      ...control,
      logs: this.logs,
      silentMs: () => this.#heartbeat.silentMs ?? 0,
      died: () => this.#die(),
    });
    this.intents = new Intents({
      ...own,
      logs: this.logs,
      heartbeat,
      pushesSecured: (open) => secure(open, false),
    });
    this.pushes =
      deps.pushes &&
      new PushDispatcher({
        ...own,
        ...deps.pushes,
        logs: this.logs,
        intents: this.intents,
        isServing: () => this.#isLeased,
      });
    // The logs of clients may wait behind the requests of clients, so the janitor opens its own.
    const cleaning = new OpenLogs({ ...control, keyring: this.#keyring });
    this.#cleaningIntents = new Intents({
      ...control,
      logs: cleaning,
      heartbeat,
      pushesSecured: (open) => secure(open, true),
    });
    this.janitor = new Janitor({
      ...control,
      logs: cleaning,
      cleaningIntents: this.#cleaningIntents,
      intents: this.intents,
      clientLogs: this.logs,
      role,
      isReady: () => this.#phase === 'ready',
      resumer: deps.resumer ?? (() => undefined),
      pushes: this.pushes,
    });
    this.retiredSweep = new RetiredSweep({
      ...control,
      leads: () => this.janitor.stats.leads,
      finish: (lease) => this.janitor.cleanup.finishLate(lease),
    });
    const rows = new InstanceRows(control);
    this.#sweep = new StaleRowSweep({
      ...control,
      rows,
      logs: this.logs,
      hasIntent: (run) => this.intents.hasIntent(run) || this.#cleaningIntents.hasIntent(run),
      removeEndpoint: () => this.endpoint.remove(),
    });
    this.#retirement = new Retirement({
      ...own,
      role,
      control: control.registry,
      intents: this.intents,
      logs: this.logs,
      rows,
      heartbeat,
      endpoint: this.endpoint,
      cleanup: this.janitor.cleanup,
    });
  }

  get phase(): InstancePhase {
    return this.#phase;
  }

  /** True while this instance takes work and its lease has not expired. */
  get isServing(): boolean {
    return this.#phase === 'ready' && this.#isLeased;
  }

  get #isLeased(): boolean {
    const { silentMs = 0 } = this.#heartbeat;
    return silentMs < this.#deps.settings.leaseMs;
  }

  /** Milliseconds since its lease was last renewed; `undefined` before the first time. */
  get silentMs(): number | undefined {
    return this.#heartbeat.silentMs;
  }

  /** When the last intent was recorded; milliseconds of this instance's clock. 0: there was none. */
  get lastIntentAt(): number {
    return Math.max(this.intents.lastIntentAt ?? 0, this.#cleaningIntents.lastIntentAt ?? 0);
  }

  /** Aborts when this life is over. Nothing is written afterwards. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** Aborts when clients must continue on another instance: their streams end before this life does. */
  get handoffSignal(): AbortSignal {
    return this.#handoff.signal;
  }

  /**
   * Registers the lease, then renews it, cleans up and takes work. Provisions the endpoint meanwhile, and
   * waits for it at most `endpointMs`. Rejects with a coded error of the table, or with a lasting fault
   * of the endpoint that is known by then. A rejected start leaves nothing behind.
   */
  async start(endpointMs = 0): Promise<void> {
    const { clock, logger } = this.#deps;
    const since = clock.now();
    logger.info('instance.starting');
    const { delivers } = this.#deps.fanout;
    await Promise.all([this.#heartbeat.register(), delivers ? this.#keyring.read() : undefined]);
    void this.#heartbeat.runHeartbeat();
    void this.endpoint.maintainEndpoint();
    if (endpointMs > 0) {
      const fault = await withTimeout(clock, endpointMs, this.endpoint.firstTry);
      if (isLasting(fault)) {
        await this.#retirement.teardown(await this.#retirement.retire());
        this.#finish('stopped');
        throw fault;
      }
    }
    // It may have been declared dead meanwhile.
    if (this.#end.signal.aborted) this.assertReady();
    this.logs.start();
    this.#phase = 'ready';
    logger.info('instance.ready', { durationMs: clock.now() - since });
    for (const part of [this.janitor, this.#sweep, this.retiredSweep]) void part.runRounds();
    if (delivers) void this.#keyring.readUntilStopped();
  }

  /** Starts a run; see {@link Intents.begin}. Fails with `not-started`, `draining` or `fenced`. */
  async begin(key: TaskKey, request: RunRequest): Promise<Begun> {
    this.assertReady();
    const begun = await this.intents.begin(key, request);
    if ('run' in begun && request.push) this.#setAgain(begun.run, request.push.config);
    return begun;
  }

  /** Begins again with a push configuration that was given up, if the run's message has set it again. */
  #setAgain({ id, open }: Run, config: string): void {
    const { key, state } = open.log;
    const { since } = state.pushes.get(config) ?? {};
    const { start } = state.runs.get(id) ?? {};
    if (config === '' || !since || !start || compareSlots(since, start) >= 0) return;
    // If this fails, the configuration stays given up, which `progress` shows.
    this.pushes?.restartIfFailed(key, config).catch(() => {});
  }

  /** Cancels a task, wherever it runs. */
  cancel(key: TaskKey, deadlineMs: number): Promise<CancelOutcome> {
    this.assertReady();
    const { signal } = this.#end;
    return cancelTask(key, deadlineMs, { ...this.#deps, intents: this.intents, signal });
  }

  /** Throws a coded error if this instance takes no work. */
  assertReady(): void {
    switch (this.#phase) {
      case 'ready':
        return;
      case 'new':
        throw new BackendError('not-started', 'The backend is not started.');
      case 'dead':
        throw fencedError();
      default:
        throw new BackendError('draining', 'This instance is stopping.');
    }
  }

  /** Counts a reader that a stop waits for, until the returned function is called. */
  countReader(): () => void {
    const reader = Symbol();
    this.#readers.add(reader);
    return () => {
      this.#readers.delete(reader);
      if (this.#readers.size === 0) this.#unread?.();
    };
  }

  /**
   * Takes no new runs and lets the active ones finish within `drainMs`. Then ends the remaining runs,
   * declares itself dead, hands its clients off and cleans up after itself as a janitor would. Never
   * rejects; the next janitor finds the lease row and removes the rest.
   */
  async stop(drainMs: number): Promise<void> {
    if (this.#phase !== 'ready') return;
    this.#phase = 'draining';
    const { clock, logger } = this.#deps;
    const since = clock.now();
    logger.info('instance.stopping', { runs: this.intents.running, drainMs });
    this.pushes?.drain();
    await withTimeout(clock, drainMs, this.intents.idle());
    // The next janitor finishes the steps that AWS does not answer in time.
    const lease = await this.#retirement.retire();
    // Runs that no instance resumes have ended by now, so readers here can receive their ends.
    this.#handoff.abort();
    await withTimeout(clock, READERS_MS, this.#allLeft());
    await this.#retirement.teardown(lease);
    this.#finish('stopped');
    await this.logs.stop();
    logger.info('instance.stopped', { durationMs: clock.now() - since });
  }

  /** Resolves when no reader is left here. */
  async #allLeft(): Promise<void> {
    if (this.#readers.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#unread = resolve;
    });
  }

  #die(): void {
    // An instance that retires itself has not died.
    if (this.#retirement.isRetired || this.#phase === 'stopped' || this.#phase === 'dead') return;
    const isStarted = this.#phase !== 'new';
    this.#deps.logger.error('instance.died', { runs: this.intents.running });
    this.#finish('dead');
    // Its start fails.
    if (!isStarted) return;
    void this.logs.stop();
    this.#died(this);
  }

  /** Removes the rows and the endpoint that this dead instance may have created late; see {@link StaleRowSweep.removeLateRows}. */
  removeLateRows(signal: AbortSignal): Promise<void> {
    return this.#sweep.removeLateRows(signal);
  }

  #finish(phase: InstancePhase): void {
    this.#phase = phase;
    this.#end.abort();
    this.#handoff.abort();
  }
}
