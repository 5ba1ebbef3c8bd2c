import type { Patch } from './bundle.ts';

/** A bug that the simulator must catch: planted into a copy of the build, never in the product. */
export interface PlantedBug {
  readonly name: string;
  readonly patches: readonly Patch[];
  /** Seeds from 1 on within which it is caught. */
  readonly within: number;
}

const core = (file: string, find: string, put: string): Patch => ({
  file: `packages/core/src/${file}`,
  find,
  put,
});
const table = (file: string, find: string, put: string): Patch => ({
  file: `packages/dynamodb/src/${file}`,
  find,
  put,
});
const server = (file: string, find: string, put: string): Patch => ({
  file: `packages/a2a-aws/src/${file}`,
  find,
  put,
});

const NO_QUARANTINE = core(
  'instances/janitor.ts',
  'await sleep(clock, settings.quarantineMs, signal);',
  '',
);

export const PLANTED_BUGS: readonly PlantedBug[] = [
  // Fencing and leases.
  {
    name: 'no-fence',
    patches: [
      core('log/proposal.ts', 'const fresh = !state.fenced.has(dead);', 'const fresh = false;'),
    ],
    within: 200,
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
    within: 200,
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
    within: 200,
  },
  {
    name: 'no-lease-check',
    patches: [
      core(
        'instances/presence.ts',
        "if (lease?.state !== 'alive') {\n      died();",
        "if (lease?.state === 'never') {\n      died();",
      ),
    ],
    within: 400,
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
    within: 200,
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
    within: 200,
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
    within: 200,
  },
  {
    name: 'beat-upsert',
    patches: [
      table(
        'dynamodb-instance-registry.ts',
        'return this.#update(instance, { beat }, ALIVE);',
        "return this.#update(instance, { beat, state: 'alive' }, { expression: 'attribute_exists(sk) OR attribute_not_exists(sk)' });",
      ),
    ],
    within: 200,
  },
  {
    name: 'reuse-id',
    patches: [
      server(
        'backend.ts',
        'fanout.instanceId(instanceName, entropy.id(), living)',
        "fanout.instanceId(instanceName, 'once-more', living)",
      ),
    ],
    within: 200,
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
    within: 200,
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
    within: 200,
  },
  // Head and janitor.
  {
    name: 'head-unconditional',
    patches: [
      table('dynamodb-log-storage.ts', '(attribute_not_exists(#slot) OR #slot < :slot) AND ', ''),
    ],
    within: 200,
  },
  {
    name: 'row-before-head',
    patches: [
      core(
        'instances/runs.ts',
        'await open.head.settle().catch((error: unknown) => {',
        "await untilDone('run.remove', this.#deps, () => registry.removeRun(row));\n      await open.head.settle().catch((error: unknown) => {",
      ),
    ],
    within: 200,
  },
  {
    name: 'janitor-no-head',
    patches: [
      core('instances/janitor.ts', '      await open.head.settle();\n', ''),
      core(
        'instances/runs.ts',
        'await open.head.settle().catch((error: unknown) => {',
        "if (row.purpose !== 'clean') await open.head.settle().catch((error: unknown) => {",
      ),
    ],
    within: 200,
  },
  {
    name: 'fail-interrupted',
    patches: [core('log/proposal.ts', 'return rests ? undefined : LOST;', 'return LOST;')],
    within: 200,
  },
  {
    name: 'fail-over-live-runs',
    patches: [
      core(
        'log/proposal.ts',
        'if (openRuns(state).length > 0 || state.runs.size === 0) return undefined;',
        'if (state.runs.size === 0) return undefined;',
      ),
    ],
    within: 200,
  },
  {
    name: 'cancel-left-open',
    patches: [
      core(
        'log/proposal.ts',
        'if (state.cancelRequested) return CANCELED;\n  const { status } = state;',
        'const { status } = state;',
      ),
    ],
    within: 200,
  },
  // Append and answers.
  {
    name: 'new-record-after-timeout',
    patches: [
      core(
        'log/task-log.ts',
        'const outcome = await storage.putRecord(this.key, record);',
        'if (failures > 0) Object.assign(record, { id: entropy.id() });\n        const outcome = await storage.putRecord(this.key, record);',
      ),
    ],
    within: 200,
  },
  {
    name: 'after-terminal-in-batch',
    patches: [
      core('log/task-log.ts', '      if (state.sealed) break;\n', ''),
      core('log/proposal.ts', "if (state.sealed) return 'sealed';\n", ''),
    ],
    within: 200,
  },
  {
    name: 'publish-before-append',
    patches: [
      core(
        'log/task-log.ts',
        '        const outcome = await storage.putRecord(this.key, record);',
        '        this.absorb(record);\n        const outcome = await storage.putRecord(this.key, record);',
      ),
    ],
    within: 200,
  },
  {
    name: 'answer-of-another-moment',
    patches: [
      server(
        'handler/task-result.ts',
        'return open.log.generation === result.at && state.hasTask ? open.log.task() : undefined;',
        'return open.log.task();',
      ),
    ],
    within: 200,
  },
  {
    name: 'private-response',
    patches: [
      server(
        'handler/task-result.ts',
        'return result.answer ?? task ?? taskAt(storage, open.log.key, result.at);',
        'return result.answer ?? (task && { ...task, artifacts: task.artifacts.slice(-1) }) ?? taskAt(storage, open.log.key, result.at);',
      ),
    ],
    within: 200,
  },
  {
    name: 'snapshot-task-only',
    patches: [
      core('log/snapshot.ts', 'fenced: new Set(fenced),', 'fenced: new Set(),'),
      core(
        'log/snapshot.ts',
        'messages: new Map(\n        known.map(',
        'messages: new Map(\n        known.slice(0, 0).map(',
      ),
    ],
    within: 200,
  },
  {
    name: 'torn-load',
    patches: [
      core('log/log-upkeep.ts', 'const DROP_AFTER_MS = 5 * 60_000;', 'const DROP_AFTER_MS = 0;'),
      table('log/log-loader.ts', 'if (pieces.length < keys.length) return undefined;', ''),
    ],
    within: 400,
  },
  {
    name: 'trim',
    patches: [
      table(
        'dynamodb-log-storage.ts',
        "if ('before' in updated) return { obsolete: snapshotOf(updated.before) };",
        `if ('before' in updated) {
      const partition = this.#keys.task(key);
      for await (const { sk } of this.#table.range({ partition, from: RECORDS, to: RECORDS + slotText(snapshot.slot) })) {
        await this.#table.remove({ pk: partition, sk: String(sk) });
      }
      return { obsolete: snapshotOf(updated.before) };
    }`,
      ),
    ],
    within: 200,
  },
  {
    name: 'snap-shared-key',
    patches: [
      table(
        'table/keys.ts',
        "chunks({ slot, id }: Pick<SnapshotName, 'slot' | 'id'>): string {",
        "chunks({ slot, id }: Pick<SnapshotName, 'slot' | 'id'>): string {\n    id = '';",
      ),
    ],
    within: 5_000,
  },
  {
    name: 'no-dedupe',
    patches: [
      core(
        'log/proposal.ts',
        "if (messageId && state.messages.has(messageId)) return { refused: 'duplicate' };",
        '',
      ),
      server(
        'runs/run-starter.ts',
        'let run = known(open, message, digest);',
        'let run: string | undefined;',
      ),
    ],
    within: 200,
  },
  // Reach and hygiene.
  {
    name: 'runner-not-target',
    patches: [
      core(
        'feed/open-log.ts',
        '      ...[...openRuns(before), ...openRuns(step.state)].map(([, run]) => run.instance),\n',
        '',
      ),
    ],
    within: 200,
  },
  {
    name: 'no-reconcile',
    patches: [core('feed/reconciler.ts', '!open.log.state.sealed)', 'open.users < 0)')],
    within: 200,
  },
  {
    name: 'runner-not-reconciled',
    patches: [
      core(
        'feed/reconciler.ts',
        '!open.log.state.sealed)',
        '!open.log.state.sealed && open.taps > 0)',
      ),
    ],
    within: 200,
  },
  {
    name: 'watch-after-read',
    patches: [
      server(
        'handler/request-handler.ts',
        `      // Watch first, then read: what was appended between is in one of the two.
      await open.watch.hold();
      watching = true;
      await open.log.refresh();
      assertLive(open);
`,
        `      await open.watch.hold();
      watching = true;
`,
      ),
    ],
    within: 5_000,
  },
  {
    name: 'cancel-by-ring',
    patches: [
      core('instances/run.ts', "else if (step.state.cancelRequested) this.#stop('cancel');", ''),
      core(
        'feed/feed.ts',
        'if (doorbell.record && open.log.absorb(doorbell.record)) return;',
        `if (doorbell.record && open.log.absorb(doorbell.record)) {
      if (open.log.state.cancelRequested) open.cancelled?.();
      return;
    }`,
      ),
      core(
        'feed/open-log.ts',
        '  runs = 0;\n',
        '  runs = 0;\n  cancelled: (() => void) | undefined;\n',
      ),
      core(
        'instances/run.ts',
        '    const unlisten = deps.open.log.listen((step) => this.#onStep(step));',
        `    deps.open.cancelled = () => this.#stop('cancel');
    const unlisten = deps.open.log.listen((step) => this.#onStep(step));`,
      ),
    ],
    within: 200,
  },
  {
    name: 'watch-no-index',
    patches: [
      table(
        'dynamodb-instance-registry.ts',
        '    await this.#put(this.#keys.watchIndex(row), { ...row.key, watch: row.watch });\n',
        '',
      ),
    ],
    within: 200,
  },
  {
    name: 'watch-index-at-once',
    patches: [
      table(
        'dynamodb-instance-registry.ts',
        'return this.#table.remove(this.#keys.watch(row));',
        'return this.#table.remove(this.#keys.watchIndex(row)).then(() => this.#table.remove(this.#keys.watch(row)));',
      ),
    ],
    within: 200,
  },
  {
    name: 'no-own-sweep',
    patches: [core('instances/own-sweep.ts', '        await this.sweep();\n', '')],
    within: 200,
  },
  { name: 'no-quarantine', patches: [NO_QUARANTINE], within: 200 },
  {
    name: 'provision-no-recheck+no-quarantine',
    patches: [
      NO_QUARANTINE,
      core(
        'instances/presence.ts',
        'if (address && !(await registry.setAddress(instance, address))) throw lost();',
        'if (address) await registry.setAddress(instance, address);',
      ),
      core(
        'instances/presence.ts',
        '      if (!(await registry.beat(instance, this.#beat))) throw lost();\n',
        '',
      ),
    ],
    within: 200,
  },
  // Not in the model's list.
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
    name: 'tap-skips',
    patches: [core('feed/tap.ts', 'this.#state = step.state;', 'this.#state = this.#log.state;')],
    within: 200,
  },
];
