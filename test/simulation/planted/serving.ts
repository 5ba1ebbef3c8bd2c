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
  },
  {
    name: 'asks-for-credentials-unheard',
    patches: [
      core(
        'log/run-outcome.ts',
        'return run?.resumedBy === undefined ? undefined : authenticationAt(state, run.resumedBy);',
        'return undefined;',
      ),
    ],
  },
  {
    name: 'executes-what-is-over',
    patches: [server('runs/run-driver.ts', 'if (!run.signal.aborted) {', '{')],
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
  },
  {
    name: 'tap-skips',
    patches: [core('feed/tap.ts', 'this.#state = step.state;', 'this.#state = this.#log.state;')],
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
  },
  {
    name: 'retry-starts-another-task',
    patches: [
      server(
        'runs/run-starter.ts',
        'message.taskId || derivedTaskId(scope, message, digest, asked)',
        'message.taskId || this.#deps.entropy.id()',
      ),
    ],
  },
  {
    name: 'short-id-is-a-retry-for-ever',
    patches: [
      server(
        'runs/retry-detection.ts',
        "return isGloballyUnique(messageId) ? 'always' : 'unanswered';",
        "return isGloballyUnique(messageId) || messageId !== '' ? 'always' : 'unanswered';",
      ),
    ],
  },
];
