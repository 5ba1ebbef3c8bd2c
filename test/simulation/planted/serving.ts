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
    within: 200,
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
  {
    name: 'cancel-without-deadline',
    patches: [
      core(
        'instances/cancel.ts',
        'await sleep(clock, deadlineMs, over.signal);',
        'await sleep(clock, 10 * deadlineMs, over.signal);',
      ),
    ],
    within: 200,
  },
  {
    name: 'retry-starts-another-task',
    patches: [
      server(
        'runs/run-starter.ts',
        'message.taskId || derivedTaskId(scope, message, digest)',
        'message.taskId || this.#deps.entropy.id()',
      ),
    ],
    within: 200,
  },
];
