import {
  BackendError,
  type LogRecord,
  MemoryLogStorage,
  type PutOutcome,
  type TaskKey,
} from '@a2a-aws/core';
import { startLocalAws } from '@a2a-aws/local';
import { describe, test } from 'vitest';
import { judge, LOST_ANSWER, RACERS, raceProcesses } from './fixtures/log-race.ts';
import { writeLog } from './fixtures/log-writers.ts';

const timeout = 120_000;

/** Every so many puts are done, and not answered. */
class UnsureStorage extends MemoryLogStorage {
  #puts = 0;

  override async putRecord(key: TaskKey, record: LogRecord): Promise<PutOutcome> {
    const outcome = await super.putRecord(key, record);
    this.#puts += 1;
    if (this.#puts % LOST_ANSWER > 0) return outcome;
    throw new BackendError('unreachable', 'The answer was lost.');
  }
}

test('[I1] [I3] two handles of 8 writers in memory: dense, each entry once', {
  timeout,
}, async () => {
  const storage = new UnsureStorage();
  await judge(storage, await Promise.all(RACERS.map((racer) => writeLog(storage, racer))));
});

// The other engine is a binary for this one platform.
const hasDynoxide = process.platform === 'linux' && process.arch === 'x64';

describe('two processes of 8 writers', () => {
  test.skipIf(!hasDynoxide)(
    '[I1] [I3] on dynoxide: dense, each entry once',
    {
      timeout,
    },
    () => onEngine('dynoxide'),
  );

  test('[I1] [I3] on dynalite: dense, each entry once', { timeout }, () => onEngine('dynalite'));
});

async function onEngine(dynamodb: 'dynoxide' | 'dynalite'): Promise<void> {
  const aws = await startLocalAws({ dynamodb });
  try {
    await raceProcesses(aws);
  } finally {
    await aws.stop();
  }
}
