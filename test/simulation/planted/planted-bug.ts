import type { Patch } from '../bundle.ts';

/** A bug that the simulator must catch: planted into a copy of the build, never in the product. */
export interface PlantedBug {
  readonly name: string;
  readonly patches: readonly Patch[];
}

/** One place in the core, `file` from its `src` on. */
export function core(file: string, find: string, put: string): Patch {
  return { file: `packages/core/src/${file}`, find, put };
}

/** One place in what is on the table. */
export function table(file: string, find: string, put: string): Patch {
  return { file: `packages/dynamodb/src/${file}`, find, put };
}

/** One place in what composes them. */
export function server(file: string, find: string, put: string): Patch {
  return { file: `packages/a2a-aws/src/${file}`, find, put };
}
