import { core, type PlantedBug, server, table } from './planted-bug.ts';

/** Requests and their answers. */
export const SERVING: readonly PlantedBug[] = [
  {
    name: 'request-outlives-its-instance',
    patches: [
      server(
        'runs/run-starter.ts',
        'const { away: signal } = instance;',
        'const { signal } = new AbortController();',
      ),
    ],
    within: 5_000,
  },
  {
    name: 'clock-set-back-proves-the-doorbell',
    patches: [
      core(
        'clock.ts',
        'return now < then ? Number.POSITIVE_INFINITY : now - then;',
        'return now - then;',
      ),
    ],
    within: 5_000,
  },
  {
    name: 'asks-for-credentials-unheard',
    patches: [
      server(
        'handler/task-result.ts',
        'return run?.resumedBy === undefined ? undefined : authenticationAt(state, run.resumedBy);',
        'return undefined;',
      ),
    ],
    within: 200,
  },
  {
    name: 'executes-what-is-over',
    patches: [server('runs/run-driver.ts', 'if (!run.signal.aborted) {', '{')],
    within: 200,
  },
  {
    name: 'owner-not-in-key',
    patches: [
      table(
        'table/keys.ts',
        "return joinKey(this.#prefix, 'T', tenant, owner, taskId);",
        "return joinKey(this.#prefix, 'T', tenant, 'ann' || owner, taskId);",
      ),
    ],
    within: 200,
  },
  {
    name: 'tenant-not-in-key',
    patches: [
      table(
        'table/keys.ts',
        "return joinKey(this.#prefix, 'T', tenant, owner, taskId);",
        "return joinKey(this.#prefix, 'T', '' && tenant, owner, taskId);",
      ),
    ],
    within: 200,
  },
  {
    name: 'tap-skips',
    patches: [core('feed/tap.ts', 'this.#state = step.state;', 'this.#state = this.#log.state;')],
    within: 200,
  },
];
