import { type FaultRates, NO_FAULTS } from '@a2a-aws/testkit/fakes';
import type { ScenarioDriver } from '../scenario-driver.ts';

/** A schedule that makes something rare likely; what is left open in it, its seed decides. */
export interface Scenario {
  readonly rates: FaultRates;
  readonly onOrphan?: 'fail' | 'resume';
  /** The agent can push. */
  readonly pushes?: boolean;
  /** Nobody cancels what hangs before long. */
  readonly isPatient?: boolean;
  /** By then everything must have come to its end; milliseconds. */
  readonly endMs?: number;
  /** Goes on for so long in any case after its faults; milliseconds. */
  readonly restMs?: number;
  readonly play: (driver: ScenarioDriver) => Promise<void>;
}

export const DOORBELL_DEAD: FaultRates = { ...NO_FAULTS, messagesLost: 100 };
