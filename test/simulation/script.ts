import type { SeededRandom } from '@a2a-aws/testkit/fakes';

/** How an execution of the agent ends. */
type Ending =
  | 'COMPLETED'
  | 'FAILED'
  | 'INPUT_REQUIRED'
  | 'AUTH_REQUIRED'
  /** It asks for credentials, then completes. */
  | 'AUTH_THEN_COMPLETED'
  /** It asks for credentials, then works until it is told to stop. */
  | 'AUTH_THEN_HANGS'
  /** It answers with a Message instead of a task. */
  | 'MESSAGE'
  /** It returns without publishing a result. */
  | 'SILENT'
  | 'THROWS'
  /** It works until it is told to stop. */
  | 'HANGS';

/** The agent's reaction to one message. It travels as the message's text. */
export interface Script {
  /** Chunks of an artifact, each its own event. */
  readonly chunks: number;
  /** At most this many milliseconds between events; 0: all events at once. */
  readonly gapMs: number;
  /** Publishes a Task first; otherwise the backend must add one to the log. */
  readonly task: boolean;
  /** Bytes of text in each chunk, besides its name. */
  readonly padding: number;
  /** Each chunk replaces the one before. */
  readonly replaces?: boolean | undefined;
  /** The padding cannot be compressed. */
  readonly dense?: boolean | undefined;
  /** Flushes after half of its chunks. */
  readonly flushes?: boolean | undefined;
  /** Continues for so long after its ending, in milliseconds. */
  readonly lingersMs?: number | undefined;
  readonly ending: Ending;
  /** Ignores the request to stop. */
  readonly deaf: boolean;
}

const ENDINGS: readonly [Ending, ...Ending[]] = [
  'COMPLETED',
  'COMPLETED',
  'COMPLETED',
  'COMPLETED',
  'FAILED',
  'INPUT_REQUIRED',
  'INPUT_REQUIRED',
  'INPUT_REQUIRED',
  'AUTH_REQUIRED',
  'AUTH_THEN_COMPLETED',
  'MESSAGE',
  'SILENT',
  'THROWS',
  'HANGS',
];

/** Returns a simple script with this end. */
export function plainScript(ending: Ending, more: Partial<Script> = {}): Script {
  return { chunks: 0, gapMs: 0, task: true, padding: 0, ending, deaf: false, ...more };
}

export function randomScript(random: SeededRandom): Script {
  const ending = random.pick(ENDINGS);
  const bare = ending === 'MESSAGE' || (ending !== 'HANGS' && random.percent(20));
  return {
    chunks: ending === 'MESSAGE' && random.percent(70) ? 0 : random.whole(0, 6),
    gapMs: random.pick([0, 20, 300, 3_000]),
    task: !bare,
    padding: random.percent(2) ? 250_000 : 0,
    ending,
    deaf: random.percent(20),
  };
}
