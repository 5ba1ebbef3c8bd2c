import { type FaultRates, NO_FAULTS } from '@a2a-aws/testkit/fakes';
import type { ScenarioDriver } from '../scenario-driver.ts';

/** A schedule that makes a rare course of events likely. Its seed decides the details. */
export interface Scenario {
  readonly rates: FaultRates;
  readonly onOrphan?: 'fail' | 'resume';
  /** The agent can push. */
  readonly pushes?: boolean;
  /** Hanging tasks are cancelled later than in other schedules. */
  readonly isPatient?: boolean;
  /** Everything must be done by then; milliseconds. */
  readonly endMs?: number;
  /** The shortest time that the schedule continues after its faults; milliseconds. */
  readonly restMs?: number;
  readonly play: (driver: ScenarioDriver) => Promise<void>;
}

export const DOORBELL_DEAD: FaultRates = { ...NO_FAULTS, messagesLost: 100 };
