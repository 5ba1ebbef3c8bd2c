import { never, remove, replace } from '../patches/patch.ts';
import type { PlantedBug } from './planted-bug.ts';

/** Events that wait although a caller waits for them, or wait too long. */
export const DELAYING: readonly PlantedBug[] = [
  {
    name: 'terminal-status-waits',
    patches: [replace('isProgress', '!isTerminal($_)', 'true')],
  },
  {
    name: 'question-to-the-client-waits',
    patches: [replace('isProgress', '!isInterrupted($_)', 'true')],
  },
  {
    name: 'flush-does-not-flush',
    patches: [remove('Run.flush', 'this.#deps.open.log.flush()')],
  },
  {
    name: 'last-events-of-a-burst-wait-forever',
    patches: [never('LogWriter.#write', '!this.#waiting.isEmpty')],
  },
];
