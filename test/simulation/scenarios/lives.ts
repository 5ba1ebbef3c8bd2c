import { NO_FAULTS } from '@a2a-aws/testkit/fakes';
import { plainScript } from '../script.ts';
import { declaresDead, isBeat, isNewLease, isRecordsQuery, LOST, sortKey } from './calls.ts';
import { DOORBELL_DEAD, type Scenario } from './scenario.ts';

/** Longer than the removal of a queue, shorter than a quarantine; milliseconds. */
const SOON_MS = 5_000;

/** Instances start, die, and continue too late. */
export const LIVES: readonly Scenario[] = [
  // Two instances run a task, and one of them dies.
  {
    rates: NO_FAULTS,
    onOrphan: 'fail',
    play: async (driver) => {
      const long = plainScript('COMPLETED', { chunks: 6, gapMs: 20_000 });
      const sent = driver.send(long, { mode: 'immediate' });
      const taskId = await driver.task(sent);
      const runner = await driver.runner(sent);
      driver.send(long, { taskId, mode: 'immediate', avoid: runner });
      await driver.sleep(driver.random.whole(500, 4_000));
      driver.crash(runner);
    },
  },
  // The first write of a lease takes effect twice, the second time late.
  {
    rates: NO_FAULTS,
    play: async (driver) => {
      await driver.sleep(1_000);
      const again = driver.random.whole(60, 4_000);
      driver.setCallOutcome(isNewLease, { acts: [3, again], answers: 6 });
      const [server] = driver.fleet.servers;
      if (server) driver.crash(server.process);
      driver.send(plainScript('COMPLETED'));
    },
  },
  // A paused instance continues while another declares it dead, and the other is paused over that.
  {
    rates: NO_FAULTS,
    play: async (driver) => {
      await driver.sleep(driver.random.whole(2_000, 12_000));
      const server = driver.fleet.pick();
      if (!server) return;
      driver.send(plainScript('COMPLETED', { chunks: 3, gapMs: 10_000 }));
      driver.pause(server.process, 35_000);
      const { clock } = driver.fleet;
      const wakes = clock.now() + 35_000;
      driver.fleet.onPoint = (process, point, _, input) => {
        if (point !== 'before' || !declaresDead(input)) return;
        driver.pause(process, wakes - clock.now() + driver.random.whole(200, 8_000));
      };
    },
  },
  // A dead instance's write takes effect after the clean-up, and then the instance ends.
  {
    rates: NO_FAULTS,
    play: async (driver) => {
      const kind = driver.random.pick(['queue', 'run', 'watch'] as const);
      const ms = driver.random.whole(30_000, 38_000);
      await driver.sleep(1_500);
      let writer: unknown;
      driver.fleet.onPoint = (process, point, operation, input) => {
        if (writer !== undefined && writer !== process) return;
        const isRow = operation === 'PutItem' && sortKey(input).startsWith(`${kind}#`);
        if (!isRow && !(kind === 'queue' && operation === 'CreateQueue')) return;
        writer = process;
        if (point === 'before') driver.pause(process, ms);
        else driver.crash(process);
      };
      if (kind === 'queue') {
        const [server] = driver.fleet.servers;
        if (server) driver.crash(server.process);
        return;
      }
      const sent = driver.send(plainScript('HANGS'), { leaves: true });
      if (kind === 'watch') driver.subscribe(await driver.task(sent), { leaves: true });
    },
  },
  // An instance that was declared dead continues with a message, because its heartbeats do not show
  // its death.
  {
    rates: NO_FAULTS,
    play: async (driver) => {
      await driver.sleep(1_500);
      let writer: unknown;
      driver.fleet.onPoint = (process, point, operation, input) => {
        if (writer !== undefined || point !== 'before') return;
        if (operation !== 'PutItem' || !sortKey(input).startsWith('run#')) return;
        writer = process;
        driver.pause(process, driver.random.whole(30_000, 38_000));
        driver.setCallOutcome((call) => call.caller === process.name && isBeat(call), LOST, 99);
      };
      driver.send(plainScript('HANGS'), { leaves: true });
    },
  },
  // An instance is paused while it makes its queue, until its rows are gone. It may die soon after
  // that: what it made late must be gone by then.
  {
    rates: NO_FAULTS,
    play: async (driver) => {
      const called = driver.random.pick(['CreateQueue', 'Subscribe']);
      await driver.sleep(1_500);
      const [server] = driver.fleet.servers;
      if (server) driver.crash(server.process);
      driver.fleet.onPoint = (process, point, operation) => {
        if (point !== 'before' || operation !== called) return;
        const ms = driver.random.whole(75_000, 90_000);
        driver.pause(process, ms);
        if (driver.random.percent(50))
          void driver.sleep(ms + SOON_MS).then(() => driver.crash(process));
        driver.fleet.onPoint = () => {};
      };
    },
  },
  // A server is paused for longer than its lease while clients follow its run. It then learns that it
  // is dead before it reads how the run was ended.
  {
    rates: DOORBELL_DEAD,
    play: async (driver) => {
      const sent = driver.send(plainScript('HANGS'));
      const taskId = await driver.task(sent);
      const at = await driver.runner(sent);
      driver.subscribe(taskId, { at });
      await driver.sleep(driver.random.whole(500, 4_000));
      driver.pause(at, driver.random.whole(30_000, 40_000));
      const isRead = isRecordsQuery(taskId);
      driver.setCallOutcome((call) => call.caller === at.name && isRead(call), LOST, 6);
    },
  },
  // A server is stopped while it executes a run that will not be resumed: its readers learn how the
  // run ends.
  {
    rates: NO_FAULTS,
    onOrphan: 'fail',
    play: async (driver) => {
      const sent = driver.send(plainScript('HANGS', { chunks: 2, gapMs: 900 }));
      const taskId = await driver.task(sent);
      const at = await driver.runner(sent);
      const here = driver.subscribe(taskId, { at });
      await driver.sleep(driver.random.whole(500, 4_000));
      const server = driver.fleet.servers.find(({ process }) => process === at);
      if (!server) return;
      driver.fleet.terminate(server, driver.random.pick([0, 2_000]));
      await driver.until(() => sent.outcome === 'done' && here.outcome === 'done');
      for (const { name, failures } of [sent, here]) {
        if (failures > 0) driver.violate('I3', `${name} was cut off, and not told how it ended`);
      }
    },
  },
];
