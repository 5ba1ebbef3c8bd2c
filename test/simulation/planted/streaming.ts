import { always, before, never, replace } from '../patches/patch.ts';
import type { PlantedBug } from './planted-bug.ts';

/** Faults in where streams end, and with which event. */
export const STREAMING: readonly PlantedBug[] = [
  {
    name: 'ends-while-others-work',
    patches: [always('isFinal', 'state.open.size === $_')],
  },
  {
    name: 'continues-while-it-waits',
    patches: [never('isFinal', 'state.open.size === $_')],
  },
  {
    name: 'ends-at-auth-required',
    patches: [
      before(
        'isFinal',
        '$STATUS !== TaskState.TASK_STATE_INPUT_REQUIRED',
        'if ($STATUS === TaskState.TASK_STATE_AUTH_REQUIRED) return true;',
      ),
    ],
  },
  {
    name: 'ends-without-its-message',
    patches: [never('framesFrom', 'result?.answer')],
  },
  {
    name: 'begins-with-how-the-task-was-left',
    patches: [
      replace('beginningOf', 'isSilent && result === undefined', '$MATCH && !state.hasTask'),
    ],
  },
  {
    name: 'ends-early-as-if-complete',
    patches: [replace('StreamReader.next', 'if (!step) $HERE: throw $_;', 'return undefined;')],
  },
  {
    name: 'sends-clients-away-before-it-fails-its-runs',
    patches: [before('Instance.stop', 'this.#retirement.retire()', 'this.#handoff.abort();')],
  },
  {
    name: 'resumes-at-the-end',
    patches: [
      replace(
        'ResumedStream.constructor',
        'new StreamReader($A, $B, $_)',
        'new StreamReader($A, $B)',
      ),
    ],
  },
  {
    name: 'repeats-sent-events',
    patches: [never('StreamProgress.framesOf', 'generation <= this.#told')],
  },
  {
    name: 'takes-cursors-of-other-tasks',
    patches: [never('Cursors.decode', '!text.startsWith(this.#prefix)')],
  },
  {
    name: 'takes-cursors-after-the-end',
    patches: [never('assertKnown', 'isAfterEnd || isUnknownRun')],
  },
  {
    name: 'gap-not-told',
    patches: [replace('ResumedStream.#gap', '[$GAP, $TASK]', '[$TASK]')],
  },
  {
    name: 'skips-what-has-expired',
    patches: [
      replace('ResumedStream.#skipExpired', 'yield* this.#gap(missing)', 'this.#reader.tap.skip()'),
    ],
  },
  {
    name: 'gap-without-missing-events',
    patches: [never('ResumedStream.#skipExpired', 'record && !this.#isAt(record.slot)')],
  },
  {
    name: 'resumed-stream-never-ends',
    patches: [
      never('StreamEnd.noteLogEnd', '(this.#hasTold && isQuestion) || isResult || state.sealed'),
    ],
  },
];
