import { tableDefinition } from '@a2a-aws/dynamodb';
import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import {
  type CallOutcome,
  FakeAws,
  flush,
  randomFaults,
  SeededRandom,
  SOME_FAULTS,
  steady,
  VirtualClock,
} from '../../src/fakes/index.ts';

const TableName = 'fake';
const Key = { pk: 'p', sk: 's' };
const put = new PutCommand({ TableName, Item: { ...Key, v: 1 } });
const count = new UpdateCommand({
  TableName,
  Key,
  UpdateExpression: 'ADD n :one',
  ExpressionAttributeValues: { ':one': 1 },
});

function met(outcome: CallOutcome): { aws: FakeAws; clock: VirtualClock } {
  const clock = new VirtualClock();
  const faults = { ...steady(), call: () => outcome };
  return { aws: new FakeAws({ clock, faults, tables: [tableDefinition(TableName)] }), clock };
}

describe('a call', () => {
  test('that is lost changes nothing, and times out', async () => {
    const { aws, clock } = met({ acts: [], answers: 500, fails: 'time-out' });
    const sent = aws.clients().dynamodb.send(put);
    await expect(clock.run(sent)).rejects.toMatchObject({ name: 'TimeoutError' });
    await clock.advance(60_000);
    expect([...aws.dynamodb.items()]).toEqual([]);
  });

  test('may time out after it succeeded', async () => {
    const { aws, clock } = met({ acts: [10], answers: 500, fails: 'time-out' });
    const sent = aws.clients().dynamodb.send(put);
    await expect(clock.run(sent)).rejects.toMatchObject({ name: 'TimeoutError' });
    expect([...aws.dynamodb.items()]).toEqual([{ ...Key, v: 1 }]);
  });

  test('may write after its client got a time-out', async () => {
    const { aws, clock } = met({ acts: [3_000], answers: 500, fails: 'time-out' });
    const sent = aws.clients().dynamodb.send(put);
    await expect(clock.run(sent)).rejects.toMatchObject({ name: 'TimeoutError' });
    expect([...aws.dynamodb.items()]).toEqual([]);
    await clock.advance(2_500);
    expect([...aws.dynamodb.items()]).toEqual([{ ...Key, v: 1 }]);
  });

  test('may be repeated in flight; its client gets the first answer', async () => {
    const { aws, clock } = met({ acts: [1, 5], answers: 9 });
    await clock.run(aws.clients().dynamodb.send(count));
    expect([...aws.dynamodb.items()]).toEqual([{ ...Key, n: 2 }]);
    expect(clock.now()).toBe(new VirtualClock().now() + 9);
  });

  test('may be throttled, and is counted as failed', async () => {
    const { aws, clock } = met({ acts: [], answers: 1, fails: 'throttled' });
    const sent = aws.clients().dynamodb.send(put);
    await expect(clock.run(sent)).rejects.toMatchObject({ name: 'ThrottlingException' });
    expect(aws.meter.of('dynamodb', 'PutItem')).toMatchObject({ calls: 1, failed: 1 });
  });

  test('takes no timer where it takes no time', async () => {
    const { aws } = met({ acts: [0], answers: 0 });
    const sent = aws.clients().dynamodb.send(put);
    await flush();
    expect([...aws.dynamodb.items()]).toHaveLength(1);
    await sent;
  });
});

describe('a seed', () => {
  /** Everything that 200 counting calls come to. */
  async function history(seed: number): Promise<unknown> {
    const clock = new VirtualClock();
    const faults = randomFaults(new SeededRandom(seed), () => SOME_FAULTS);
    const aws = new FakeAws({ clock, faults, tables: [tableDefinition(TableName)] });
    const told: unknown[] = [];
    for (let n = 0; n < 200; n += 1) {
      aws
        .clients()
        .dynamodb.send(count)
        .then(
          () => told.push([n, clock.now()]),
          (error: Error) => told.push([n, error.name, clock.now()]),
        );
    }
    await clock.advance(60_000);
    return [told, [...aws.dynamodb.items()]];
  }

  test('meets the same faults again', async () => {
    expect(await history(7)).toEqual(await history(7));
  });

  test('meets other faults than another', async () => {
    expect(await history(7)).not.toEqual(await history(8));
  });
});
