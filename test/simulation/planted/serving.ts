import { always, begin, replace } from '../patches/patch.ts';
import type { PlantedBug } from './planted-bug.ts';

/** Requests and their answers. */
export const SERVING: readonly PlantedBug[] = [
  {
    name: 'request-outlives-its-instance',
    patches: [
      replace(
        'RunStarter.#send',
        'const { handoffSignal: signal } = instance;',
        'const { signal } = new AbortController();',
      ),
    ],
  },
  {
    name: 'auth-request-without-answer',
    patches: [replace('authenticationAt', 'authenticationAt($$$)', 'undefined')],
  },
  {
    name: 'executes-what-is-over',
    patches: [always('RunDriver.#drive', '!run.signal.aborted')],
  },
  {
    name: 'owner-not-in-key',
    patches: [begin('Keys.task', "owner = 'ann';")],
  },
  {
    name: 'tenant-not-in-key',
    patches: [begin('Keys.task', "tenant = '';")],
  },
  {
    name: 'tap-skips',
    patches: [replace('LogTap.next', 'step.state', 'this.#log.state')],
  },
  {
    name: 'cancel-without-deadline',
    patches: [replace('cancelTask', '({ signal, timeoutMs: $HERE })', '10 * $HERE')],
  },
  {
    name: 'retry-starts-another-task',
    patches: [replace('RunStarter.start', 'derivedTaskId($$$)', 'this.#deps.entropy.id()')],
  },
  {
    name: 'short-id-is-a-retry-forever',
    patches: [replace('retryRule', 'isGloballyUnique($ID)', "$MATCH || $ID !== ''")],
  },
];
