import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hostName, instanceName } from '../../src/options/instance-name.ts';

const TASK = 'cd189a933e5849daa93386466019ab50';
const URI = `http://169.254.170.2/v4/${TASK}-2495160603`;

test.each([
  [{ AWS_EXECUTION_ENV: 'AWS_ECS_FARGATE', ECS_CONTAINER_METADATA_URI_V4: URI }, TASK],
  // On EC2 the address contains the container's id, which names no task.
  [{ AWS_EXECUTION_ENV: 'AWS_ECS_EC2', ECS_CONTAINER_METADATA_URI_V4: URI }, 'host'],
  [
    { AWS_EXECUTION_ENV: 'AWS_ECS_FARGATE', ECS_CONTAINER_METADATA_URI_V4: 'http://x/v4/y' },
    'host',
  ],
  [{}, 'host'],
])('%j names the machine %s', (env, name) => {
  expect(hostName(env, 'host')).toBe(name);
});

test.each([
  ['laptop', 'laptop'],
  ['ip-10-0-12-34.eu-west-1.compute.internal', 'ip-10-0-12-34'],
  ['billing-agent-7d9f8b6c5-x2x4z', 'billing-agen-5-x2x4z'],
  [TASK, 'cd189a933e58-019ab50'],
  ['_-a', 'a'],
  ['Jürgens Mac', 'J-rgens-Mac'],
  ['...', ''],
  ['', ''],
])('%j is shortened to %j', (name, short) => {
  expect(instanceName(name)).toBe(short);
});

test('any name becomes at most 20 characters that a queue name may have', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (name) => {
      expect(instanceName(name)).toMatch(/^([A-Za-z0-9][A-Za-z0-9_-]{0,19})?$/);
      expect(instanceName(instanceName(name))).toBe(instanceName(name));
    }),
  );
});
