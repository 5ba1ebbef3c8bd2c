import { CANCELS } from './scenarios/cancels.ts';
import { COPIES } from './scenarios/copies.ts';
import { DELAYS } from './scenarios/delays.ts';
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

/** One seed in this many has a scenario. */
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
  ...DELAYS,
];

/** Returns the scenario of a seed; undefined for a seed whose schedule is random. */
export function scenarioOf(seed: number): Scenario | undefined {
  return seed % EVERY === 0 ? SCENARIOS[(seed / EVERY) % SCENARIOS.length] : undefined;
}

/** Returns `count` seeds; two of three have a scenario, which finds a broken law sooner. */
export function scenariosFirst(count: number): number[] {
  const withScenario = Array.from({ length: count }, (_, n) => EVERY * (n + 1));
  const others = Array.from({ length: count }, (_, n) => n + 1).filter((seed) => !scenarioOf(seed));
  return others
    .flatMap((other, n) => [...withScenario.slice(2 * n, 2 * n + 2), other])
    .slice(0, count);
}
