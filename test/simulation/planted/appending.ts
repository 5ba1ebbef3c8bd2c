import { always, before, begin, never, replace, set } from '../patches/patch.ts';
import type { PlantedBug } from './planted-bug.ts';

/** Faults of the log, its snapshots and its listeners. */
export const APPENDING: readonly PlantedBug[] = [
  {
    name: 'new-record-after-timeout',
    patches: [
      before(
        'LogWriter.#commit',
        'storage.putRecord($_, $RECORD)',
        'if (last) Object.assign($RECORD, { id: this.#deps.entropy.id() });',
      ),
    ],
  },
  {
    name: 'after-terminal-in-batch',
    patches: [never('nextRecord', 'state.sealed'), never('barrier', 'state.sealed')],
  },
  {
    name: 'publish-before-append',
    patches: [
      before(
        'LogWriter.#commit',
        'storage.putRecord($_, $RECORD)',
        'this.#fold.take($RECORD, true);',
      ),
    ],
  },
  {
    name: 'answer-of-another-moment',
    patches: [always('folded', '$HERE ? $_ : undefined')],
  },
  {
    name: 'private-response',
    patches: [
      replace(
        'blockingAnswer',
        'if (task) return { task: $COPY, generation };',
        `if (task) {
    const whole = $COPY;
    return { task: { ...whole, artifacts: whole.artifacts.slice(-1) }, generation };
  }`,
      ),
    ],
  },
  {
    name: 'snapshot-task-only',
    patches: [
      replace('decodeSnapshot', '({ $$$, fenced: PersistentMap.of($HERE), $$$ })', '[]'),
      replace('decodeSnapshot', 'PersistentMap.filling($HERE)', '[]'),
    ],
  },
  {
    name: 'torn-load',
    patches: [
      set('DROP_AFTER_MS', '0'),
      never('LogLoader.#snapshot', 'pieces.length < keys.length'),
    ],
  },
  {
    name: 'trim',
    patches: [
      before(
        'DynamoDBLogStorage.putSnapshot',
        'return { obsolete: snapshotOf(updated.before) };',
        `const partition = this.#keys.task(key);
      for await (const { sk } of this.#table.range({ partition, from: RECORDS, to: RECORDS + slotText(snapshot.slot) })) {
        await this.#table.remove({ pk: partition, sk: String(sk) });
      }`,
      ),
    ],
  },
  {
    name: 'snap-shared-key',
    patches: [begin('Keys.chunks', "id = '';")],
  },
  {
    name: 'no-dedupe',
    patches: [
      never('proposeStart', 'retriedRun($$$) !== undefined'),
      replace('RunStarter.#send', 'retriedRun($$$)', 'undefined'),
    ],
  },
];
