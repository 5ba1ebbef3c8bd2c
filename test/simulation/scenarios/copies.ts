import { NO_FAULTS, SOME_FAULTS } from '@a2a-aws/testkit/fakes';
import { plainScript } from '../script.ts';
import type { Stage } from '../stage.ts';
import type { Scenario } from './scenario.ts';

/** The fleet's table is restored from a backup under another name, and a second fleet runs on it. */
export const COPIES: readonly Scenario[] = [
  // The second fleet ends the copied tasks in its own table. The first one goes on undisturbed.
  {
    rates: NO_FAULTS,
    play: async (stage) => {
      await work(stage);
      const copy = stage.fleet.copyTable();
      await stage.rest(stage.random.whole(0, 8_000));
      for (let n = stage.random.whole(1, 2); n > 0; n -= 1) stage.fleet.startOn(copy);
      await work(stage);
    },
  },
  // Instances of the first fleet die before the backup, or after it.
  {
    rates: SOME_FAULTS,
    play: async (stage) => {
      await work(stage);
      if (stage.random.percent(50)) crashAny(stage);
      await stage.rest(stage.random.whole(0, 12_000));
      const copy = stage.fleet.copyTable();
      if (stage.random.percent(50)) crashAny(stage);
      await stage.rest(stage.random.whole(0, 12_000));
      stage.fleet.startOn(copy);
      await work(stage);
    },
  },
];

/** Tasks that are worked on, and one that waits for its client; with readers. */
async function work(stage: Stage): Promise<void> {
  const endings = ['HANGS', 'INPUT_REQUIRED', 'COMPLETED'] as const;
  const clients = endings.map((ending) =>
    stage.send(plainScript(ending, { chunks: 4, gapMs: 3_000 }), { mode: 'immediate' }),
  );
  for (const client of clients) stage.subscribe(await stage.task(client));
  await stage.rest(stage.random.whole(500, 4_000));
}

function crashAny(stage: Stage): void {
  const server = stage.fleet.pick();
  if (server) stage.crash(server.process);
}
