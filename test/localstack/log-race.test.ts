import { startLocalAws } from '@a2a-aws/local';
import { test } from 'vitest';
import { raceProcesses } from '../fixtures/log-race.ts';

test('[I1] [I3] two processes of 8 writers: dense, each entry once', {
  timeout: 300_000,
}, async () => {
  const aws = await startLocalAws({ endpoint: process.env.AWS_ENDPOINT_URL ?? '' });
  try {
    await raceProcesses(aws);
  } finally {
    await aws.stop();
  }
});
