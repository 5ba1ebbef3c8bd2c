import { core, type PlantedBug, server, table } from './planted-bug.ts';

/** Fencing, leases and intents. */
export const FENCING: readonly PlantedBug[] = [
  {
    name: 'no-fence',
    patches: [
      core('log/proposal.ts', 'const fresh = !state.fenced.has(dead);', 'const fresh = false;'),
    ],
  },
  {
    name: 'fence-not-checked-on-fold',
    patches: [
      core(
        'log/proposal.ts',
        "if (state.fenced.has(author.instance)) return 'fenced';\n  if (run !== undefined && state.runs.get(run)?.phase !== 'open') return 'run-closed';",
        '',
      ),
    ],
  },
  {
    name: 'skip-empty-log',
    patches: [
      core(
        'instances/janitor.ts',
        'if (!(await this.#resume(row, open))) {',
        'if (open.log.generation > 0 && !(await this.#resume(row, open))) {',
      ),
    ],
  },
  {
    name: 'no-lease-check',
    patches: [
      core(
        'instances/presence.ts',
        "if (lease?.state === 'alive') return;",
        "if (lease?.state !== 'never') return;",
      ),
    ],
  },
  {
    name: 'cancel-no-row',
    patches: [
      core(
        'instances/presence.ts',
        'await registry.putRun(row);',
        "if (row.purpose !== 'cancel') await registry.putRun(row);",
      ),
    ],
  },
  {
    name: 'janitor-no-row',
    patches: [
      core(
        'instances/presence.ts',
        'await registry.putRun(row);',
        "if (row.purpose !== 'clean') await registry.putRun(row);",
      ),
    ],
  },
  {
    name: 'mark-unconditional',
    patches: [
      table(
        'dynamodb-instance-registry.ts',
        "'attribute_exists(sk) AND (#beat = :seen OR #state = :state)'",
        "'attribute_exists(sk) AND (#beat = :seen OR #beat <> :seen)'",
      ),
    ],
  },
  {
    name: 'beat-upsert',
    patches: [
      table(
        'dynamodb-instance-registry.ts',
        'return this.#update(instance, { beat, ...renewed }, ALIVE);',
        "return this.#update(instance, { beat, ...renewed, state: 'alive' }, { expression: 'attribute_exists(sk) OR attribute_not_exists(sk)' });",
      ),
    ],
  },
  {
    name: 'reuse-id',
    patches: [
      server(
        'backend.ts',
        'fanout.instanceId(instanceName, shortId(entropy.id()), living)',
        "fanout.instanceId(instanceName, 'once-more', living)",
      ),
    ],
  },
  {
    name: 'run-row-per-task',
    patches: [
      table(
        'table/keys.ts',
        "joinKey('run', taskKeyHash(row.key), row.run)",
        "joinKey('run', taskKeyHash(row.key), '')",
      ),
    ],
  },
  {
    name: 'lease-put-overwrites',
    patches: [
      table(
        'dynamodb-instance-registry.ts',
        'const found = await this.#table.putNew(this.#keys.lease(instance), fields);',
        'await this.#table.put({ ...this.#keys.lease(instance), ...fields });\n    const found = undefined;',
      ),
    ],
  },
];
