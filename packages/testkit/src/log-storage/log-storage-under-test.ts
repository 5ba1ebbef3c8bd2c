import type { LogStorage } from '@a2a-aws/core';

/** A storage without any log, and how to get rid of it. */
export interface LogStorageUnderTest {
  readonly storage: LogStorage;
  dispose(): Promise<void>;
}
