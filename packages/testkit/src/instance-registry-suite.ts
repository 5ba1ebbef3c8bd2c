import { afterEach, beforeEach, describe } from 'vitest';
import { doorbellKeys } from './instance-registry/doorbell-keys.ts';
import type { InstanceRegistryUnderTest } from './instance-registry/instance-registry-under-test.ts';
import { intents } from './instance-registry/intents.ts';
import { leader } from './instance-registry/leader.ts';
import { leases } from './instance-registry/leases.ts';
import { retiredLeases } from './instance-registry/retired-leases.ts';
import { watches } from './instance-registry/watches.ts';

/** The laws of the `InstanceRegistry` port, as tests of each registry that `factory` makes. */
export function instanceRegistrySuite(
  name: string,
  factory: () => Promise<InstanceRegistryUnderTest>,
): void {
  describe(`${name} as an InstanceRegistry`, () => {
    let subject: InstanceRegistryUnderTest;

    beforeEach(async () => {
      subject = await factory();
    });

    afterEach(() => subject.dispose());

    for (const part of [doorbellKeys, leases, retiredLeases, leader, intents, watches]) {
      part(() => subject.registry, factory);
    }
  });
}
