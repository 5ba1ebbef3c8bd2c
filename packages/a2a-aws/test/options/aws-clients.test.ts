import { createDynamoDBClient } from '@a2a-aws/dynamodb';
import { expect, test } from 'vitest';
import { AwsCalls } from '../../src/options/aws-calls.ts';
import { resolveClients } from '../../src/options/aws-clients.ts';

const CONFIG = { region: 'eu-west-1' };

/** The client behind one whose calls are counted among a backend's. */
const behind = (client: object): unknown => Object.getPrototypeOf(client);

test('heartbeats and clean-ups have a client of their own', () => {
  const { dynamodb, control } = resolveClients({}, CONFIG, new AwsCalls());
  expect(behind(control)).not.toBe(behind(dynamodb));
});

test('a given client is also used for heartbeats and clean-ups, unless another is given', () => {
  const [dynamodb, control] = [createDynamoDBClient(CONFIG), createDynamoDBClient(CONFIG)];
  const one = resolveClients({ dynamodb }, CONFIG, new AwsCalls());
  expect(behind(one.control)).toBe(dynamodb);
  const two = resolveClients({ dynamodb, control }, CONFIG, new AwsCalls());
  expect([behind(two.dynamodb), behind(two.control)]).toEqual([dynamodb, control]);
});
