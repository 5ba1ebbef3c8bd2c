import { NO_FAULTS } from '@a2a-aws/testkit/fakes';
import { PROMPT_MS, PROVEN_MS } from '../limits.ts';
import { plainScript } from '../script.ts';
import type { Scenario } from './scenario.ts';

const CHUNKS = 10;
const GAP_MS = 400;
/** All of them are more than an instance keeps for readers that lag; text that deflates well. */
const PADDING = 240_000;

/** Readers that stand still for long. */
export const STUCK: readonly Scenario[] = [
  // Two get stuck, one for good, at the runner's instance or at another: nobody waits for them.
  {
    rates: NO_FAULTS,
    play: async (stage) => {
      const warm = stage.send(plainScript('HANGS'), { mode: 'immediate' });
      const at = await stage.runner(warm);
      await stage.task(warm);
      await stage.rest(PROVEN_MS);
      const size = { chunks: CHUNKS, gapMs: GAP_MS, padding: PADDING, replaces: true };
      const where = stage.random.percent(50) ? { at } : { avoid: at };
      const script = plainScript('COMPLETED', size);
      const sent = stage.send(script, { ...where, mode: 'immediate' });
      const taskId = await stage.task(sent);
      const began = stage.fleet.clock.now();
      const reader = await stage.getStuck(sent, at);
      const gone = await stage.getStuck(sent, at);
      stage.subscribe(taskId, { at, promptMs: PROMPT_MS });
      stage.subscribe(taskId, { avoid: at, promptMs: PROMPT_MS });
      await stage.until(() => sent.truth?.sealed);
      const took = stage.fleet.clock.now() - began;
      if (!sent.truth?.sealed || took > CHUNKS * GAP_MS + PROMPT_MS) {
        stage.violate('I8', `the executor waited for a reader that is stuck: ${took} ms`);
      }
      await stage.rest(PROMPT_MS);
      await reader.goOn();
      await gone.leave();
    },
  },
];
