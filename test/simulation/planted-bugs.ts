import { APPENDING } from './planted/appending.ts';
import { CLEANING } from './planted/cleaning.ts';
import { CLEANUP_ROUND } from './planted/cleanup-round.ts';
import { DELAYING } from './planted/delaying.ts';
import { DOORBELLS } from './planted/doorbells.ts';
import { FENCING } from './planted/fencing.ts';
import type { PlantedBug } from './planted/planted-bug.ts';
import { PUSHING } from './planted/pushing.ts';
import { REACHING } from './planted/reaching.ts';
import { SERVING } from './planted/serving.ts';
import { STREAMING } from './planted/streaming.ts';
import { HOLDING } from './planted/stuck.ts';
import { TRUSTING } from './planted/trusting.ts';

/** Every bug that the simulator must catch, one at a time. */
export const PLANTED_BUGS: readonly PlantedBug[] = [
  ...FENCING,
  ...CLEANING,
  ...APPENDING,
  ...REACHING,
  ...CLEANUP_ROUND,
  ...SERVING,
  ...STREAMING,
  ...HOLDING,
  ...PUSHING,
  ...TRUSTING,
  ...DOORBELLS,
  ...DELAYING,
];
