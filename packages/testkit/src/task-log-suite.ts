import { afterEach, beforeEach, describe } from 'vitest';
import type { LogStorageUnderTest } from './log-storage/log-storage-under-test.ts';
import { appends } from './task-log/appends.ts';
import { refusals } from './task-log/refusals.ts';
import { retention } from './task-log/retention.ts';
import { snapshots } from './task-log/snapshots.ts';
import { TaskLogRig } from './task-log/task-log-rig.ts';

/**
 * The promises of the core's `TaskLog` on any storage, as tests of the storage that `factory` makes:
 * order, seal and fence depend only on the storage's one conditional write.
 */
export function taskLogSuite(name: string, factory: () => Promise<LogStorageUnderTest>): void {
  describe(`a TaskLog on ${name}`, () => {
    let subject: LogStorageUnderTest;
    let rig: TaskLogRig;

    beforeEach(async () => {
      subject = await factory();
      rig = new TaskLogRig(subject.storage);
    });

    afterEach(() => subject.dispose());

    for (const part of [appends, refusals, snapshots, retention]) part(() => rig);
  });
}
