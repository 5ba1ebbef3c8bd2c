import { createBackend } from 'a2a-aws';
import { expect, test } from 'vitest';
import { FakeDeployment } from './fixtures/fake-deployment.ts';

test('a lease has host, release and times, and a renewal takes one write unit', async () => {
  const deployment = new FakeDeployment('t'.repeat(60));
  const { clock, aws } = deployment;
  const backend = createBackend({
    ...deployment.options(),
    prefix: 'p'.repeat(20),
    instanceId: 'i'.repeat(20),
  });
  await clock.run(backend.start());
  await clock.advance(2_000);
  aws.meter.reset();
  await clock.advance(60_000);
  const lease = [...aws.dynamodb.items()].find(({ pk }) => String(pk).endsWith('#instances'));
  expect(lease).toMatchObject({
    table: expect.stringMatching(/^arn:aws:dynamodb:.*:table\/t+$/),
    host: expect.any(String),
    version: expect.any(String),
    startedAt: expect.any(Number),
    renewedAt: expect.any(Number),
  });
  const { calls, writeUnits } = aws.meter.of('dynamodb', 'UpdateItem');
  expect(calls).toBeGreaterThanOrEqual(12);
  expect(writeUnits).toBe(calls);
  await clock.run(backend.stop());
});
