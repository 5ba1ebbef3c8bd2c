import type { Fanout } from '@a2a-aws/core';

/** The built-in fan-outs. */
export const FANOUT_NAMES = ['sns', 'direct', 'polling'] as const;

/** A built-in fan-out, or one of your own; test yours with the conformance suite of `@a2a-aws/testkit`. */
export type FanoutChoice = (typeof FANOUT_NAMES)[number] | Fanout;
