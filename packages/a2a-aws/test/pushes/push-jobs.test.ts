import { expect, test } from 'vitest';
import { PushJobs } from '../../src/pushes/push-jobs.ts';

test('drop aborts the running job, forgets the waiting ones, and lets later ones run', async () => {
  const jobs = new PushJobs();
  const seen: string[] = [];
  jobs.enqueue('t', async (signal) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    seen.push('aborted');
  });
  jobs.enqueue('t', async () => void seen.push('waited'));
  await new Promise(setImmediate);

  const { signal } = jobs;
  jobs.drop();
  expect(signal.aborted).toBe(true);
  expect(jobs.signal.aborted).toBe(false);
  jobs.enqueue('t', async () => void seen.push('later'));
  await jobs.idle();
  await new Promise(setImmediate);
  expect(seen.sort()).toEqual(['aborted', 'later']);
});
