import { core, type PlantedBug, server, table } from './planted-bug.ts';

/** The log, its snapshots, and what is told of it. */
export const APPENDING: readonly PlantedBug[] = [
  {
    name: 'new-record-after-timeout',
    patches: [
      core(
        'log/task-log.ts',
        'const outcome = await storage.putRecord(this.key, record);',
        'if (failures > 0) Object.assign(record, { id: entropy.id() });\n        const outcome = await storage.putRecord(this.key, record);',
      ),
    ],
  },
  {
    name: 'after-terminal-in-batch',
    patches: [
      core('log/task-log.ts', '      if (state.sealed) break;\n', ''),
      core('log/proposal.ts', "if (state.sealed) return 'sealed';\n", ''),
    ],
  },
  {
    name: 'publish-before-append',
    patches: [
      core(
        'log/task-log.ts',
        '        const outcome = await storage.putRecord(this.key, record);',
        '        this.#take(record, true);\n        const outcome = await storage.putRecord(this.key, record);',
      ),
    ],
  },
  {
    name: 'answer-of-another-moment',
    patches: [
      server(
        'handler/task-result.ts',
        'return open.log.generation === result.at && state.hasTask ? open.log.picture() : undefined;',
        'return open.log.picture();',
      ),
    ],
  },
  {
    name: 'private-response',
    patches: [
      server(
        'handler/task-result.ts',
        "return kept && 'copying' in kept ? inSlices(kept.copying(), clock) : kept;",
        "const whole = kept && 'copying' in kept ? await inSlices(kept.copying(), clock) : kept;\n  return whole && { ...whole, artifacts: whole.artifacts.slice(-1) };",
      ),
    ],
  },
  {
    name: 'snapshot-task-only',
    patches: [
      core(
        'log/snapshot.ts',
        'fenced: PersistentMap.of(fields.fenced.map((instance) => [instance, true])),',
        'fenced: PersistentMap.empty(),',
      ),
      core(
        'log/snapshot.ts',
        'messages: PersistentMap.of(\n',
        'messages: PersistentMap.of(\n          [].concat() ||\n',
      ),
    ],
  },
  {
    name: 'torn-load',
    patches: [
      core('log/log-upkeep.ts', 'const DROP_AFTER_MS = 5 * 60_000;', 'const DROP_AFTER_MS = 0;'),
      table('log/log-loader.ts', 'if (pieces.length < keys.length) return undefined;', ''),
    ],
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
  },
  {
    name: 'no-dedupe',
    patches: [
      core(
        'log/proposal.ts',
        "if (retriedRun(state, start.digest, retry) !== undefined) return { refused: 'duplicate' };",
        '',
      ),
      server(
        'runs/run-starter.ts',
        'let run = retriedRun(open.log.state, digest, retry);',
        'let run: string | undefined;',
      ),
    ],
  },
];
