import type { InstanceRegistry } from '@a2a-aws/core';

/** A registry without any row, and the means to remove it. */
export interface InstanceRegistryUnderTest {
  readonly registry: InstanceRegistry;
  dispose(): Promise<void>;
}
