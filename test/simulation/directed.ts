import { CANCELS } from './scenarios/cancels.ts';
import { COPIES } from './scenarios/copies.ts';
import { DOORBELLS } from './scenarios/doorbells.ts';
import { IMPOSTORS } from './scenarios/impostors.ts';
import { LIVES } from './scenarios/lives.ts';
import { LOGS } from './scenarios/logs.ts';
import { LOSSES } from './scenarios/losses.ts';
import { MESSAGES } from './scenarios/messages.ts';
import { PUSHES } from './scenarios/pushes.ts';
import { READERS } from './scenarios/readers.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { SCOPES } from './scenarios/strangers.ts';
import { STUCK } from './scenarios/stuck.ts';
import { UNATTENDED } from './scenarios/unattended.ts';

/** Of so many seeds one is directed. */
const EVERY = 3;
const SCENARIOS: readonly Scenario[] = [
  ...CANCELS,
  ...READERS,
  ...MESSAGES,
  ...LIVES,
  ...LOGS,
  ...SCOPES,
  ...UNATTENDED,
  ...STUCK,
  ...PUSHES,
  ...IMPOSTORS,
  ...DOORBELLS,
  ...COPIES,
  ...LOSSES,
];

/** The scenario of a seed; nothing for one that is played at random. */
export function scenarioOf(seed: number): Scenario | undefined {
  return seed % EVERY === 0 ? SCENARIOS[(seed / EVERY) % SCENARIOS.length] : undefined;
}

/** So many seeds, two of three of them directed: what breaks a law is met sooner. */
export function directedFirst(count: number): number[] {
  const directed = Array.from({ length: count }, (_, n) => EVERY * (n + 1));
  const others = Array.from({ length: count }, (_, n) => n + 1).filter((seed) => !scenarioOf(seed));
  return others.flatMap((other, n) => [...directed.slice(2 * n, 2 * n + 2), other]).slice(0, count);
}
