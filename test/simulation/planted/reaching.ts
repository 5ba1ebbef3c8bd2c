import { before, never, remove, replace } from '../patches/patch.ts';
import type { PlantedBug } from './planted-bug.ts';

/** Missing or remaining queues, subscriptions and watches. */
export const REACHING: readonly PlantedBug[] = [
  {
    name: 'runner-not-target',
    patches: [replace('OpenLog.#onStep', '[...openRuns($_), ...openRuns($_)]', '[]')],
  },
  {
    name: 'no-read-for-missed-doorbells',
    patches: [never('MissedDoorbells.readDueLogs', '!open.log.state.sealed')],
  },
  {
    name: 'runner-misses-doorbells',
    patches: [
      replace('MissedDoorbells.readDueLogs', '!open.log.state.sealed', '$MATCH && open.taps > 0'),
    ],
  },
  {
    name: 'watch-after-read',
    patches: [
      remove('OpenLog.follow', 'await this.log.refresh()'),
      remove('subscriberStream', 'assertOpen($_)'),
    ],
  },
  {
    name: 'watch-not-announced',
    patches: [remove('OpenLog.follow', 'this.announce()')],
  },
  {
    name: 'watch-not-answered',
    patches: [
      replace(
        'OpenLogs.#onDoorbell',
        'on && compareSlots($A, $B) < 0',
        'on && compareSlots($A, $B) > 0',
      ),
    ],
  },
  {
    name: 'clock-set-back',
    patches: [never('elapsed', 'now < then')],
  },
  {
    name: 'cancel-by-doorbell-only',
    patches: [
      never('Run.#onRecord', 'step.state.cancelRequested'),
      replace(
        'OpenLogs.#onDoorbell',
        'this.#refresh($OPEN)',
        '$MATCH.then(() => { if ($OPEN.log.state.cancelRequested) $OPEN.cancelled?.(); })',
      ),
      before(
        'Run.constructor',
        'log.listen($$$)',
        "deps.open.cancelled = () => this.#notifyStop('cancel');",
      ),
    ],
  },
  {
    name: 'watch-no-index',
    patches: [
      remove('DynamoDBInstanceRegistry.putWatch', 'await this.#put(this.#keys.watchIndex($_), $_)'),
    ],
  },
  {
    name: 'watch-index-at-once',
    patches: [
      replace(
        'DynamoDBInstanceRegistry.removeWatch',
        'this.#table.remove(this.#keys.watch($ROW))',
        'this.#table.remove(this.#keys.watchIndex($ROW)).then(() => $MATCH)',
      ),
    ],
  },
  {
    name: 'no-own-sweep',
    patches: [remove('StaleRowSweep.runRounds', 'await this.sweepRows()')],
  },
  {
    name: 'no-quarantine',
    patches: [remove('Janitor.#cleanUp', 'await waitQuarantine($$$)')],
  },
  {
    name: 'provision-no-recheck',
    patches: [
      replace('InstanceEndpoint.#writeAddress', 'await registry.setAddress($$$)', '$MATCH || true'),
    ],
  },
];
