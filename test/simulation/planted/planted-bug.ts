import type { Patch } from '../patches/patch.ts';

/** A bug that the simulator must catch: planted into a copy of the build, never in the product. */
export interface PlantedBug {
  readonly name: string;
  readonly patches: readonly Patch[];
}
