import type { createDynamoDBClient } from '@a2a-aws/dynamodb';
import { type AttributeValue, BatchWriteItemCommand } from '@aws-sdk/client-dynamodb';

/** The maximum number of items of a call (Amazon DynamoDB, "BatchWriteItem"). */
const BATCH = 25;
/** Concurrent calls. They are not measured. */
const WIDTH = 8;

type Client = ReturnType<typeof createDynamoDBClient>;
type Item = Record<string, AttributeValue>;

/**
 * Collects a client's puts and writes them 25 items at a time, without the puts' conditions. For a
 * log with no other writer, and with no reader before {@link flush}.
 */
export class BatchedPuts {
  readonly #client: Client;
  readonly #tableName: string;
  readonly #items: Item[] = [];
  readonly #calls = new Set<Promise<void>>();

  constructor(client: Client, tableName: string) {
    this.#client = client;
    this.#tableName = tableName;
    client.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          const { Item: item } = args.input as { Item?: Item };
          if (commandName !== 'PutItemCommand' || !item) return next(args);
          this.#items.push(item);
          if (this.#items.length >= BATCH) await this.#write();
          return { output: { $metadata: {} }, response: {} };
        },
      // A document client's items are marshalled before this step.
      { step: 'build', name: 'batched-puts' },
    );
  }

  /** Resolves when everything is written. */
  async flush(): Promise<void> {
    await this.#write();
    await Promise.all(this.#calls);
  }

  async #write(): Promise<void> {
    const items = this.#items.splice(0);
    if (items.length === 0) return;
    while (this.#calls.size >= WIDTH) await Promise.race(this.#calls);
    const call = this.#put(items).finally(() => this.#calls.delete(call));
    this.#calls.add(call);
  }

  async #put(items: readonly Item[]): Promise<void> {
    const written = await this.#client.send(
      new BatchWriteItemCommand({
        RequestItems: { [this.#tableName]: items.map((Item) => ({ PutRequest: { Item } })) },
      }),
    );
    const left = Object.keys(written.UnprocessedItems ?? {}).length;
    if (left > 0) throw new Error('The embedded DynamoDB has left items of a batch unwritten.');
  }
}
