import type { Fanout } from '@a2a-aws/core';

/** The ways in which instances can reach each other. */
export const FANOUT_NAMES = ['sns', 'direct', 'polling'] as const;

/** One of them, or one of your own: the conformance suite of `@a2a-aws/testkit` says if it will do. */
export type FanoutChoice = (typeof FANOUT_NAMES)[number] | Fanout;
