import { guardProgram } from '../src/guarded-child.ts';

/** A process that guards a sleeping program, tells its pid, and never stops it. */
process.stdout.write(`${guardProgram('sleep', ['600']).process.pid}\n`);
