import { CANCELS } from './scenarios/cancels.ts';
import { COPIES } from './scenarios/copies.ts';
import { DELAYS } from './scenarios/delays.ts';
import { DOORBELLS } from './scenarios/doorbells.ts';
import { EXPIRIES } from './scenarios/expiries.ts';
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

/** One in this many of the other seeds has one of the scenarios below. */
const LATER_EVERY = 25;
/** The first of them. */
const LATER_FROM = 14;
/** Scenarios with seeds of their own. All other seeds remain as they were before these existed. */
const LATER: readonly Scenario[] = [...EXPIRIES];

/** Returns the scenario of a seed; undefined for a seed whose schedule is random. */
export function scenarioOf(seed: number): Scenario | undefined {
  if (seed % EVERY === 0) return SCENARIOS[(seed / EVERY) % SCENARIOS.length];
  if (seed % LATER_EVERY !== LATER_FROM) return undefined;
  return LATER[((seed - LATER_FROM) / LATER_EVERY) % LATER.length];
}

/** Returns `count` seeds; at least two of three have a scenario, which finds a broken law sooner. */
export function scenariosFirst(count: number): number[] {
  const withScenario = Array.from({ length: count }, (_, n) => EVERY * (n + 1));
  const others = Array.from({ length: count }, (_, n) => n + 1).filter(
    (seed) => seed % EVERY !== 0,
  );
  return others
    .flatMap((other, n) => [...withScenario.slice(2 * n, 2 * n + 2), other])
    .slice(0, count);
}
