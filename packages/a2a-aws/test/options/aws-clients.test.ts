import { createDynamoDBClient } from '@a2a-aws/dynamodb';
import { expect, test } from 'vitest';
import { resolveClients } from '../../src/options/aws-clients.ts';

const CONFIG = { region: 'eu-west-1' };

test('beats and cleaning up have a client of their own', () => {
  const { dynamodb, control } = resolveClients({}, CONFIG);
  expect(control).not.toBe(dynamodb);
});

test('a client that is given is used for beats and cleaning up, too, unless another is given', () => {
  const [dynamodb, control] = [createDynamoDBClient(CONFIG), createDynamoDBClient(CONFIG)];
  expect(resolveClients({ dynamodb }, CONFIG).control).toBe(dynamodb);
  expect(resolveClients({ dynamodb, control }, CONFIG)).toMatchObject({ dynamodb, control });
});
