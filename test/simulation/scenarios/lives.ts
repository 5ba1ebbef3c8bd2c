import { NO_FAULTS } from '@a2a-aws/testkit/fakes';
import { plainScript } from '../script.ts';
import { declaresDead, isBeat, isNewLease, isRecordsQuery, LOST, sortKey } from './calls.ts';
import { DOORBELL_DEAD, type Scenario } from './scenario.ts';

/** Longer than an instance takes to remove its queue, shorter than a quarantine; milliseconds. */
const SOON_MS = 5_000;

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
  // What a dead instance was about to write comes after it was cleaned up, and then it is gone.
  {
    rates: NO_FAULTS,
    play: async (stage) => {
      const kind = stage.random.pick(['queue', 'run', 'watch'] as const);
      const ms = stage.random.whole(30_000, 38_000);
      await stage.rest(1_500);
      let writer: unknown;
      stage.fleet.onPoint = (process, point, operation, input) => {
        if (writer !== undefined && writer !== process) return;
        const isRow = operation === 'PutItem' && sortKey(input).startsWith(`${kind}#`);
        if (!isRow && !(kind === 'queue' && operation === 'CreateQueue')) return;
        writer = process;
        if (point === 'before') stage.pause(process, ms);
        else stage.crash(process);
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
  // One that was declared dead goes on with a message, and does not learn it from its beats.
  {
    rates: NO_FAULTS,
    play: async (stage) => {
      await stage.rest(1_500);
      let writer: unknown;
      stage.fleet.onPoint = (process, point, operation, input) => {
        if (writer !== undefined || point !== 'before') return;
        if (operation !== 'PutItem' || !sortKey(input).startsWith('run#')) return;
        writer = process;
        stage.pause(process, stage.random.whole(30_000, 38_000));
        stage.fate((call) => call.caller === process.name && isBeat(call), LOST, 99);
      };
      stage.send(plainScript('HANGS'), { leaves: true });
    },
  },
  // One stands still while it gets its queue, until nothing of it is known any more. It may die soon
  // after that: what it has made late must be gone by then.
  {
    rates: NO_FAULTS,
    play: async (stage) => {
      const called = stage.random.pick(['CreateQueue', 'Subscribe']);
      await stage.rest(1_500);
      const [server] = stage.fleet.servers;
      if (server) stage.crash(server.process);
      stage.fleet.onPoint = (process, point, operation) => {
        if (point !== 'before' || operation !== called) return;
        const ms = stage.random.whole(75_000, 90_000);
        stage.pause(process, ms);
        if (stage.random.percent(50))
          void stage.rest(ms + SOON_MS).then(() => stage.crash(process));
        stage.fleet.onPoint = () => {};
      };
    },
  },
  // A server stands still for longer than its lease while clients follow what it works on, and then
  // learns that it is dead before it reads what was done about that.
  {
    rates: DOORBELL_DEAD,
    play: async (stage) => {
      const sent = stage.send(plainScript('HANGS'));
      const taskId = await stage.task(sent);
      const at = await stage.runner(sent);
      stage.subscribe(taskId, { at });
      await stage.rest(stage.random.whole(500, 4_000));
      stage.pause(at, stage.random.whole(30_000, 40_000));
      const isRead = isRecordsQuery(taskId);
      stage.fate((call) => call.caller === at.name && isRead(call), LOST, 6);
    },
  },
  // A server is stopped while it executes what will not be executed again: its readers are told how
  // that ends.
  {
    rates: NO_FAULTS,
    onOrphan: 'fail',
    play: async (stage) => {
      const sent = stage.send(plainScript('HANGS', { chunks: 2, gapMs: 900 }));
      const taskId = await stage.task(sent);
      const at = await stage.runner(sent);
      const here = stage.subscribe(taskId, { at });
      await stage.rest(stage.random.whole(500, 4_000));
      const server = stage.fleet.servers.find(({ process }) => process === at);
      if (!server) return;
      stage.fleet.terminate(server, stage.random.pick([0, 2_000]));
      await stage.until(() => sent.outcome === 'done' && here.outcome === 'done');
      for (const { name, failures } of [sent, here]) {
        if (failures > 0) stage.violate('I3', `${name} was cut off, and not told how it ended`);
      }
    },
  },
];
