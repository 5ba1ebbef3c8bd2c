import { afterEach, beforeEach, describe } from 'vitest';
import { delivery } from './fanout/delivery.ts';
import { FanoutRig } from './fanout/fanout-rig.ts';
import type { FanoutCapabilities, FanoutUnderTest } from './fanout/fanout-under-test.ts';
import { provisioning } from './fanout/provisioning.ts';
import { repairs } from './fanout/repairs.ts';

/** The laws of the port `Fanout`, as tests of the fan-out that `factory` makes. */
export function fanoutSuite(
  name: string,
  capabilities: FanoutCapabilities,
  factory: () => Promise<FanoutUnderTest>,
): void {
  describe(`${name} as a Fanout`, () => {
    let rig: FanoutRig;

    beforeEach(async () => {
      rig = new FanoutRig(await factory());
    });

    afterEach(() => rig.dispose());

    provisioning(() => rig, capabilities);
    if (!capabilities.delivers) return;
    delivery(() => rig);
    repairs(() => rig, capabilities);
  });
}
