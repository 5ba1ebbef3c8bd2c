import { NO_FAULTS } from '@a2a-aws/testkit/fakes';
import { plainScript } from '../script.ts';
import { declaresDead, isBeat, isNewLease, LOST, sortKey } from './calls.ts';
import type { Scenario } from './scenario.ts';

/** Instances come, are lost, and come back too late. */
export const LIVES: readonly Scenario[] = [
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
      stage.fleet.onPoint = (process, point, operation, input) => {
        if (writer !== undefined && writer !== process) return;
        const isRow = operation === 'PutItem' && sortKey(input).startsWith(`${kind}#`);
        if (!isRow && !(kind === 'queue' && operation === 'CreateQueue')) return;
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
];
