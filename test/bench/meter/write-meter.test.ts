import { expect, it } from 'vitest';
import type { ObservedClient } from './observed-client.ts';
import { WriteMeter } from './write-meter.ts';

/** A client with simulated calls. */
class MadeUpClient implements ObservedClient {
  #call: (command: string, input: unknown, refused: boolean) => Promise<void> = async () => {};

  readonly middlewareStack: ObservedClient['middlewareStack'] = {
    add: (middleware) => {
      this.#call = async (commandName, input, refused) => {
        const next = async () => {
          if (refused) throw new Error('refused');
          return { output: {} };
        };
        await middleware(next, { commandName })({ input });
      };
    },
  };

  async call(command: string, input: unknown): Promise<void> {
    await this.#call(command, input, false);
  }

  async refusedCall(command: string, input: unknown): Promise<void> {
    await this.#call(command, input, true).catch(() => {});
  }
}

function metered() {
  const client = new MadeUpClient();
  const meter = new WriteMeter();
  meter.attach(client);
  return { client, meter };
}

const record = { pk: { S: 'p' }, sk: { S: 'event#1' }, e: { S: '[]' } };
const RECORD_BYTES = 3 + 9 + 3;

it('counts a record, and also the item that a refused write found', async () => {
  const { client, meter } = metered();
  await client.call('PutItemCommand', { Item: record });
  expect(meter.bytes().records).toBe(RECORD_BYTES);
  await client.refusedCall('PutItemCommand', { Item: { ...record, e: { S: '[1,2,3]' } } });
  expect(meter.bytes().records).toBe(2 * RECORD_BYTES);
});

it('counts the item that a delete removes', async () => {
  const { client, meter } = metered();
  const row = { pk: { S: 'a#I#i' }, sk: { S: 'run#1' } };
  await client.call('PutItemCommand', { Item: row });
  await client.call('DeleteItemCommand', { Key: row });
  expect(meter.bytes().runs).toBe(2 * (7 + 7));
});

it('counts a watch index row with its later removal, once', async () => {
  const { client, meter } = metered();
  const row = { pk: { S: 'a#I#i' }, sk: { S: 'watch#1' } };
  await client.call('PutItemCommand', { Item: row });
  await client.call('DeleteItemCommand', { Key: row });
  expect(meter.bytes().watches).toBe(2 * (7 + 9));
});

it('leaves leases out', async () => {
  const { client, meter } = metered();
  await client.call('PutItemCommand', { Item: { pk: { S: 'a#instances' }, sk: { S: 'i' } } });
  expect(Object.values(meter.bytes()).every((bytes) => bytes === 0)).toBe(true);
});

it('counts an index twice if its key changes, and never if its copy stays the same', async () => {
  const { client, meter } = metered();
  const update = (sort: string, slot: string) => ({
    Key: { pk: { S: 'p' }, sk: { S: 'task' } },
    UpdateExpression: 'SET #slot = :slot, #opk = :opk, #ssk = :ssk',
    ExpressionAttributeNames: { '#slot': 'slot', '#opk': 'opk', '#ssk': 'ssk' },
    ExpressionAttributeValues: { ':slot': { S: slot }, ':opk': { S: 'o' }, ':ssk': { S: sort } },
  });
  const copy = 3 + 6 + 4 + 4;
  await client.call('UpdateItemCommand', update('1', '1'));
  expect(meter.bytes().indexes).toBe(copy);
  await client.call('UpdateItemCommand', update('1', '2'));
  expect(meter.bytes().indexes).toBe(copy);
  await client.call('UpdateItemCommand', update('2', '3'));
  expect(meter.bytes().indexes).toBe(3 * copy);
  expect(meter.bytes().heads).toBe(3 * (copy + 5));
});

it('rounds every write up to units by itself', async () => {
  const { client, meter } = metered();
  const sized = (sort: string, bytes: number) => ({
    Item: { pk: { S: 'p' }, sk: { S: sort }, e: { S: 'x'.repeat(bytes - 13) } },
  });
  for (const bytes of [900, 1_024, 1_025]) {
    await client.call('PutItemCommand', sized('event#1', bytes));
  }
  // The second and the third item replace the first, which was smaller.
  expect(meter.units().records).toBe(1 + 1 + 2);
  const update = {
    Key: { pk: { S: 'p' }, sk: { S: 'task' } },
    UpdateExpression: 'SET #opk = :opk, #cpk = :cpk, #ssk = :ssk',
    ExpressionAttributeNames: { '#opk': 'opk', '#cpk': 'cpk', '#ssk': 'ssk' },
    ExpressionAttributeValues: { ':opk': { S: 'o' }, ':cpk': { S: 'c' }, ':ssk': { S: '1' } },
  };
  await client.call('UpdateItemCommand', update);
  expect(meter.units()).toMatchObject({ heads: 1, indexes: 2 });
  update.ExpressionAttributeValues[':ssk'] = { S: '2' };
  await client.call('UpdateItemCommand', update);
  expect(meter.units()).toMatchObject({ heads: 2, indexes: 6 });
});
