import {
  type FakeCall,
  type Fate,
  type FaultRates,
  NO_FAULTS,
  SOME_FAULTS,
} from '@a2a-aws/testkit/fakes';
import { plainScript } from './script.ts';
import type { Stage } from './stage.ts';

/** A schedule that makes something rare likely; what is left open in it, its seed decides. */
export interface Scenario {
  readonly rates: FaultRates;
  readonly onOrphan?: 'fail' | 'resume';
  /** Nobody cancels what hangs before long. */
  readonly isPatient?: boolean;
  /** By then everything must have come to its end; milliseconds. */
  readonly endMs?: number;
  /** Goes on for so long in any case after its faults; milliseconds. */
  readonly restMs?: number;
  readonly play: (stage: Stage) => Promise<void>;
}

/** Of so many seeds one is directed. */
const EVERY = 3;
/** Where nothing goes wrong nothing takes longer, in milliseconds. */
const PROMPT_MS = 3_000;
/** By then an instance that works has seen that its doorbell rings, and reads seldom; milliseconds. */
const PROVEN_MS = 8_000;
const DOORBELL_DEAD: FaultRates = { ...NO_FAULTS, messagesLost: 100 };

/** The scenario of a seed; nothing for one that is played at random. */
export function scenarioOf(seed: number): Scenario | undefined {
  return seed % EVERY === 0 ? SCENARIOS[(seed / EVERY) % SCENARIOS.length] : undefined;
}

const SCENARIOS: readonly Scenario[] = [
  // Whoever runs a task hears of a cancel at once.
  {
    rates: NO_FAULTS,
    play: async (stage) => {
      const sent = stage.send(plainScript('HANGS'), { mode: 'immediate' });
      const taskId = await stage.task(sent);
      const avoid = await stage.runner(sent);
      await stage.rest(PROVEN_MS + stage.random.whole(0, 4_000));
      stage.cancel(taskId, { avoid, promptMs: PROMPT_MS });
    },
  },
  // A tap opens while events come: it gets them in time, though its watch was long in writing.
  {
    rates: NO_FAULTS,
    play: async (stage) => {
      const other = stage.send(plainScript('HANGS'), { mode: 'immediate' });
      await stage.task(other);
      const at = await stage.runner(other);
      await stage.rest(PROVEN_MS);
      const script = plainScript('HANGS', { chunks: stage.random.whole(2, 7), gapMs: 900 });
      const sent = stage.send(script, { mode: 'immediate', avoid: at });
      const taskId = await stage.task(sent);
      stage.fate(({ input }) => sortKey(input).startsWith('watch#'), slow(2_000), 2);
      stage.subscribe(taskId, { at, promptMs: PROMPT_MS });
    },
  },
  // A run that was resumed asks for credentials, and whoever waits for its answer hears of it.
  {
    rates: NO_FAULTS,
    onOrphan: 'resume',
    isPatient: true,
    play: async (stage) => {
      const script = plainScript('AUTH_THEN_HANGS', { chunks: 2, gapMs: 6_000 });
      const sent = stage.send(script, { mode: 'immediate', messageId: 'sent-twice' });
      await stage.task(sent);
      const runner = await stage.runner(sent);
      stage.crash(runner);
      await stage.rest(stage.random.whole(500, 5_000));
      stage.send(script, { messageId: 'sent-twice', mode: 'blocking' });
    },
  },
  // Two work on a task, and one of them dies.
  {
    rates: NO_FAULTS,
    onOrphan: 'fail',
    play: async (stage) => {
      const long = plainScript('COMPLETED', { chunks: 6, gapMs: 20_000 });
      const sent = stage.send(long, { mode: 'immediate' });
      const taskId = await stage.task(sent);
      const runner = await stage.runner(sent);
      stage.send(long, { taskId, mode: 'immediate', avoid: runner });
      await stage.rest(stage.random.whole(500, 4_000));
      stage.crash(runner);
    },
  },
  // Whoever cancels dies, and so does the runner, whose task waits for credentials.
  {
    rates: NO_FAULTS,
    play: async (stage) => {
      const sent = stage.send(plainScript('AUTH_THEN_HANGS'), { mode: 'immediate' });
      const taskId = await stage.task(sent);
      const runner = await stage.runner(sent);
      await stage.rest(1_000);
      stage.fleet.watch.onWrite = (caller, sk) => {
        if (!sk.startsWith('event#')) return;
        for (const { process } of stage.fleet.servers) {
          if (process === runner || process.name === caller) stage.crash(process);
        }
      };
      stage.cancel(taskId, { avoid: runner, leaves: true });
    },
  },
  // A message is sent again when others have gone on with its task.
  {
    rates: SOME_FAULTS,
    play: async (stage) => {
      const script = plainScript('INPUT_REQUIRED', { chunks: 1 });
      const sent = stage.send(script, { messageId: 'sent-twice' });
      const taskId = await stage.task(sent);
      await stage.until(() => sent.outcome === 'done');
      const next = stage.send(plainScript('COMPLETED', { chunks: 2, gapMs: 3_000 }), { taskId });
      await stage.until(() => (next.truth?.generation ?? 0) > 3 && stage.random.percent(30));
      for (let n = 0; n < 2; n += 1) {
        stage.send(script, { messageId: 'sent-twice', mode: 'blocking' });
      }
    },
  },
  // A run is over before its executor begins, on an instance whose other run was told to stop.
  {
    rates: NO_FAULTS,
    play: async (stage) => {
      const first = stage.send(plainScript('HANGS'), { mode: 'immediate' });
      const taskId = await stage.task(first);
      const at = await stage.runner(first);
      await stage.rest(500);
      stage.fate(isWatchersQuery, slow(3_000));
      const second = stage.send(plainScript('HANGS'), { taskId, mode: 'immediate', at });
      await stage.until(() => (second.truth?.openRuns.length ?? 0) > 1);
      stage.cancel(taskId, { avoid: at });
    },
  },
  // The first write of a lease comes twice, the second time late.
  {
    rates: NO_FAULTS,
    play: async (stage) => {
      await stage.rest(1_000);
      const again = stage.random.whole(60, 4_000);
      stage.fate(isNewLease, { acts: [3, again], answers: 6 });
      const [server] = stage.fleet.servers;
      if (server) stage.crash(server.process);
      stage.send(plainScript('COMPLETED'));
    },
  },
  // A head comes late, after the one that followed it.
  {
    rates: NO_FAULTS,
    play: async (stage) => {
      const late = stage.random.whole(1_000, 4_000);
      stage.fate(isHead, { acts: [late], answers: 50, fails: 'time-out' });
      stage.send(plainScript('COMPLETED', { chunks: 1, gapMs: 500 }));
    },
  },
  // One wakes up while another declares it dead, and stands still over that.
  {
    rates: NO_FAULTS,
    play: async (stage) => {
      await stage.rest(stage.random.whole(2_000, 12_000));
      const server = stage.fleet.pick();
      if (!server) return;
      stage.send(plainScript('COMPLETED', { chunks: 3, gapMs: 10_000 }));
      stage.pause(server.process, 35_000);
      const { clock } = stage.fleet;
      const wakes = clock.now() + 35_000;
      stage.fleet.onPoint = (process, point, _, input) => {
        if (point !== 'before' || !declaresDead(input)) return;
        stage.pause(process, wakes - clock.now() + stage.random.whole(200, 8_000));
      };
    },
  },
  // What a dead instance was about to write comes after it was cleaned up, and then it is gone; or
  // it goes on, and does not learn from its beats that it is dead.
  {
    rates: NO_FAULTS,
    play: async (stage) => {
      const kind = stage.random.pick(['queue', 'run', 'watch'] as const);
      const ms = stage.random.whole(30_000, 38_000);
      const goesOn = kind === 'run' && stage.random.percent(60);
      await stage.rest(1_500);
      let writer: unknown;
      stage.fleet.onPoint = (process, point, command, input) => {
        if (writer !== undefined && writer !== process) return;
        const isRow = command.endsWith('PutCommand') && sortKey(input).startsWith(`${kind}#`);
        if (!isRow && !(kind === 'queue' && command.endsWith('CreateQueueCommand'))) return;
        writer = process;
        if (point === 'before') stage.pause(process, ms);
        else if (!goesOn) stage.crash(process);
        if (goesOn) stage.fate((call) => call.caller === process.name && isBeat(call), LOST, 99);
      };
      if (kind === 'queue') {
        const [server] = stage.fleet.servers;
        if (server) stage.crash(server.process);
        return;
      }
      const sent = stage.send(plainScript('HANGS'), { leaves: true });
      if (kind === 'watch') stage.subscribe(await stage.task(sent), { leaves: true });
    },
  },
  // No doorbell rings, and the runner's instance has no tap on the task that is canceled.
  {
    rates: DOORBELL_DEAD,
    play: async (stage) => {
      const sent = stage.send(plainScript('HANGS'), { mode: 'immediate' });
      const taskId = await stage.task(sent);
      const avoid = await stage.runner(sent);
      await stage.rest(stage.random.whole(500, 8_000));
      stage.cancel(taskId, { avoid, promptMs: PROMPT_MS + 2_000 });
    },
  },
  // A log gets snapshots, from all who read it often, while others begin to read it.
  {
    rates: DOORBELL_DEAD,
    endMs: 460_000,
    restMs: 330_000,
    play: async (stage) => {
      const first = plainScript('INPUT_REQUIRED', { chunks: 1 });
      const sent = stage.send(first, { messageId: 'sent-twice' });
      const taskId = await stage.task(sent);
      await stage.until(() => sent.outcome === 'done');
      // A reader comes late for its pieces if there are several.
      const dense = stage.random.percent(30);
      stage.fate(isSnapshotRead, { acts: [2_000], answers: 2_010 }, 20);
      const size = dense
        ? { chunks: 13, padding: 420_000, dense }
        : { chunks: stage.random.whole(6, 8), padding: 180_000 };
      const big = { ...size, gapMs: 400, replaces: true };
      const long = stage.send(plainScript('HANGS', big), { taskId, mode: 'immediate' });
      const avoid = await stage.runner(long);
      for (let n = dense ? 3 : 0; n < 3; n += 1)
        stage.subscribe(taskId, { avoid, slowMs: n * 500 });
      for (let n = 0; n < 14; n += 1) {
        stage.read(taskId, { avoid });
        await stage.rest(stage.random.whole(10, 600));
        if (n === 12) stage.send(first, { messageId: 'sent-twice', mode: 'blocking', avoid });
      }
    },
  },
  // Slow readers: they get all of it, and nobody waits for them.
  {
    rates: SOME_FAULTS,
    play: async (stage) => {
      const script = plainScript('COMPLETED', { chunks: 12, gapMs: 200, padding: 60_000 });
      const sent = stage.send(script, { slowMs: stage.random.pick([500, 3_000]) });
      const taskId = await stage.task(sent);
      for (const slowMs of [0, 300, 2_000]) stage.subscribe(taskId, { slowMs });
      await stage.rest(1_000);
      stage.send(plainScript('INPUT_REQUIRED', { chunks: 3 }), { taskId, slowMs: 1_000 });
    },
  },
  // An event that takes several items, whose writer dies or stands still between them.
  {
    rates: SOME_FAULTS,
    play: async (stage) => {
      const dense = { chunks: 3, gapMs: 300, padding: 700_000, dense: true } as const;
      const sent = stage.send(plainScript('COMPLETED', dense));
      const taskId = await stage.task(sent);
      stage.subscribe(taskId);
      let left = stage.random.whole(1, 5);
      const { point, ms } = {
        point: stage.random.pick(['before', 'after'] as const),
        ms: stage.random.pick([0, 5_000, 30_000]),
      };
      stage.fleet.onPoint = (process, at, _, input) => {
        if (at !== point || !sortKey(input).startsWith('xpart#')) return;
        left -= 1;
        if (left !== 0) return;
        if (ms === 0) stage.crash(process);
        else stage.pause(process, ms);
      };
      await stage.rest(stage.random.whole(200, 3_000));
      stage.read(taskId);
    },
  },
];

/** The answer takes so long, in milliseconds; what was asked for is done at once. */
function slow(ms: number): Fate {
  return { acts: [3], answers: ms };
}

function sortKey(input: unknown): string {
  const { Item, Key } = (input ?? {}) as Record<string, Record<string, unknown> | undefined>;
  return String((Item ?? Key)?.sk ?? '');
}

function values(input: unknown): unknown[] {
  const { ExpressionAttributeValues = {} } = input as Record<string, Record<string, unknown>>;
  return Object.values(ExpressionAttributeValues);
}

function isHead({ operation, input }: FakeCall): boolean {
  return operation === 'UpdateItem' && sortKey(input) === 'task';
}

function isNewLease({ operation, input }: FakeCall): boolean {
  const { Item } = input as Record<string, Record<string, unknown> | undefined>;
  return operation === 'PutItem' && Item?.queueName !== undefined;
}

const LOST: Fate = { acts: [], answers: 3_000, fails: 'time-out' };

function isBeat({ operation, input }: FakeCall): boolean {
  return operation === 'UpdateItem' && JSON.stringify(input).includes('beat');
}

function isSnapshotRead({ operation, input }: FakeCall): boolean {
  return operation === 'GetItem' && sortKey(input).startsWith('snap#');
}

function isWatchersQuery({ operation, input }: FakeCall): boolean {
  return (
    operation === 'Query' &&
    JSON.stringify(values(input)).includes('#T#') &&
    JSON.stringify(values(input)).includes('"watch#')
  );
}

function declaresDead(input: unknown): boolean {
  return values(input).includes('dead');
}
