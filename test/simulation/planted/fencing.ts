import { always, never, onlyIf, replace } from '../patches/patch.ts';
import type { PlantedBug } from './planted-bug.ts';

/** Fencing, leases and intents. */
export const FENCING: readonly PlantedBug[] = [
  {
    name: 'no-fence',
    patches: [never('proposeFence', '!state.fenced.has(dead)')],
  },
  {
    name: 'fence-not-checked-on-fold',
    patches: [
      never('barrier', 'state.fenced.has(author.instance)'),
      never('barrier', "run !== undefined && $_ !== 'open'"),
    ],
  },
  {
    name: 'skip-empty-log',
    patches: [
      replace(
        'OrphanedRuns.#finishRun',
        '!(await this.#resume($$$))',
        'open.log.generation > 0 && $MATCH',
      ),
    ],
  },
  {
    name: 'no-lease-check',
    patches: [always('Heartbeat.recordIntent', "lease?.state === 'alive'")],
  },
  {
    name: 'cancel-no-row',
    patches: [
      onlyIf('Heartbeat.recordIntent', 'registry.putIntent(row)', "row.purpose !== 'cancel'"),
    ],
  },
  {
    name: 'janitor-no-row',
    patches: [
      onlyIf('Heartbeat.recordIntent', 'registry.putIntent(row)', "row.purpose !== 'clean'"),
    ],
  },
  {
    name: 'mark-unconditional',
    patches: [
      replace(
        'DynamoDBInstanceRegistry.markDead',
        '({ expression: $HERE, $$$ })',
        "'attribute_exists(sk) AND (#beat = :seen OR #beat <> :seen)'",
      ),
    ],
  },
  {
    name: 'beat-upsert',
    patches: [
      replace(
        'DynamoDBInstanceRegistry.beat',
        'this.#update($INSTANCE, { $$$FIELDS }, ALIVE)',
        `this.#update($INSTANCE, { $$$FIELDS, state: 'alive' },
          { expression: 'attribute_exists(sk) OR attribute_not_exists(sk)' })`,
      ),
    ],
  },
  {
    name: 'reuse-id',
    patches: [replace('BackendLives.#newInstance', 'shortId($_)', "'once-more'")],
  },
  {
    name: 'run-row-per-task',
    patches: [replace('Keys.run', 'row.run', "''")],
  },
  {
    name: 'lease-put-overwrites',
    patches: [
      replace(
        'DynamoDBInstanceRegistry.register',
        'await this.#table.putNew($KEY, $FIELDS)',
        'await this.#table.put({ ...$KEY, ...$FIELDS }), undefined',
      ),
    ],
  },
];
