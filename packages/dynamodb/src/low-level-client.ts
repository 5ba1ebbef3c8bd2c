import {
  type DynamoDBClient,
  PutItemCommand,
  type PutItemCommandInput,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Send } from './call-limit.ts';

type RequestHandler = DynamoDBClient['config']['requestHandler'];
type Handle = RequestHandler['handle'];

/**
 * Sends the most frequent calls without a document client, which joins and sorts the middlewares of
 * each command again: a third of the CPU time of a put. A client with `cacheMiddleware` does that once
 * for each kind of command, but only for calls without options. The signals of the calls therefore go
 * past it.
 */
export class LowLevelClient {
  readonly #client: DynamoDBClient;
  /** The signals of calls, by their inputs, and then by their requests. */
  readonly #signals = new WeakMap<object, AbortSignal>();

  /** Has the middlewares, sockets and credentials of `client`. */
  constructor(client: DynamoDBClient) {
    const { config, middlewareStack } = client;
    const { requestHandler } = config;
    const handle: Handle = (request, options) =>
      requestHandler.handle(request, { ...options, abortSignal: this.#signals.get(request) });
    const own = {
      ...config,
      cacheMiddleware: true,
      requestHandler: Object.create(requestHandler, { handle: { value: handle } }),
    };
    this.#client = Object.create(client, { config: { value: own } }) as DynamoDBClient;
    middlewareStack.add(
      (next) => (call) => {
        const { input, request } = call as { input: object; request?: unknown };
        const signal = this.#signals.get(input);
        if (signal && typeof request === 'object' && request !== null) {
          this.#signals.set(request, signal);
        }
        return next(call);
      },
      { name: 'signalOfCall', step: 'finalizeRequest', priority: 'low' },
    );
  }

  /** Sends a command, as the client does; `undefined` if the document client must send it. */
  send(command: unknown, options?: Parameters<Send>[1]): Promise<unknown> | undefined {
    const sent = lowLevelCommand(command);
    if (!sent) return undefined;
    const signal = options?.abortSignal;
    if (signal) this.#signals.set(sent.input, signal);
    return this.#client.send(sent as PutItemCommand);
  }
}

function lowLevelCommand(command: unknown): PutItemCommand | QueryCommand | undefined {
  if (command instanceof QueryCommand) return command;
  if (!(command instanceof PutCommand)) return undefined;
  const { Item, ExpressionAttributeValues, ReturnValues, Expected, ...input } = command.input;
  if (!Item || ExpressionAttributeValues || ReturnValues || Expected) return undefined;
  const item = marshall(Item, { removeUndefinedValues: true });
  return new PutItemCommand({ ...input, Item: item } satisfies PutItemCommandInput);
}
