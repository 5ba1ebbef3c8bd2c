import { NO_FAULTS } from '@a2a-aws/testkit/fakes';
import { PROMPT_MS, PROVEN_MS } from '../limits.ts';
import { plainScript } from '../script.ts';
import type { Scenario } from './scenario.ts';

const CHUNKS = 10;
const GAP_MS = 400;
/** All chunks together exceed what an instance keeps for lagging readers. Their text deflates well. */
const PADDING = 240_000;

/** Readers that stop reading for long. */
export const STUCK: readonly Scenario[] = [
  // Two readers get stuck, one forever, at the runner's instance or at another: they delay no one else.
  {
    rates: NO_FAULTS,
    play: async (driver) => {
      const warm = driver.send(plainScript('HANGS'), { mode: 'immediate' });
      const at = await driver.runner(warm);
      await driver.task(warm);
      await driver.sleep(PROVEN_MS);
      const size = { chunks: CHUNKS, gapMs: GAP_MS, padding: PADDING, replaces: true };
      const where = driver.random.percent(50) ? { at } : { avoid: at };
      const script = plainScript('COMPLETED', size);
      const sent = driver.send(script, { ...where, mode: 'immediate' });
      const taskId = await driver.task(sent);
      const began = driver.fleet.clock.now();
      const reader = await driver.getStuck(sent, at);
      const gone = await driver.getStuck(sent, at);
      driver.subscribe(taskId, { at, promptMs: PROMPT_MS });
      driver.subscribe(taskId, { avoid: at, promptMs: PROMPT_MS });
      await driver.until(() => sent.expected?.sealed);
      const took = driver.fleet.clock.now() - began;
      if (!sent.expected?.sealed || took > CHUNKS * GAP_MS + PROMPT_MS) {
        driver.violate('I8', `the executor waited for a reader that is stuck: ${took} ms`);
      }
      await driver.sleep(PROMPT_MS);
      await reader.goOn();
      await gone.leave();
    },
  },
];
