import { RequestMalformedError } from '@a2a-js/sdk/errors';
import type { ServerCallContext } from '@a2a-js/sdk/server';
import type { Connection } from '../connections/connection.ts';
import { isRecord } from '../connections/json-object.ts';
import { wantsGeneration } from '../streams/presenter.ts';

/**
 * The parameters of A2A 1.1 that the SDK's codecs drop. They are read from the parsed body or the query
 * of an HTTP request, or from a header, which is metadata over gRPC. A client of 1.0 that does not
 * activate the extension has none.
 */
export class GenerationTerms {
  readonly #wants: boolean;
  readonly #connection: Connection | undefined;
  readonly #headers: unknown;

  constructor(context: ServerCallContext, connection: Connection | undefined) {
    this.#wants = wantsGeneration(context, connection);
    this.#connection = connection;
    this.#headers = context.state?.get('headers');
  }

  /** The generation that a GetTask waits to exceed. Throws `RequestMalformedError` for another value. */
  get current(): number | undefined {
    const query = this.#connection?.query('currentGeneration');
    return this.#read('currentGeneration', [
      query,
      field(this.#params(), 'currentGeneration', 'current_generation'),
      this.#header('a2a-current-generation'),
    ]);
  }

  /** The generation that a send requires. Throws `RequestMalformedError` for another value. */
  get ifMatch(): number | undefined {
    const configuration = field(this.#params(), 'configuration');
    return this.#read('ifGenerationMatch', [
      field(configuration, 'ifGenerationMatch', 'if_generation_match'),
      this.#header('a2a-if-generation-match'),
    ]);
  }

  #read(name: string, places: readonly unknown[]): number | undefined {
    const value = this.#wants ? places.find((place) => place !== undefined) : undefined;
    return value === undefined ? undefined : generation(name, value);
  }

  /** Returns the parameters of JSON-RPC, or the body of REST. */
  #params(): unknown {
    const body = this.#connection?.body;
    return isRecord(body) && 'jsonrpc' in body ? field(body, 'params') : body;
  }

  #header(name: string): unknown {
    return field(this.#headers, name);
  }
}

function field(value: unknown, ...names: readonly string[]): unknown {
  if (!isRecord(value)) return undefined;
  const name = names.find((one) => Object.hasOwn(value, one));
  return name === undefined ? undefined : (value[name] ?? undefined);
}

/** As protobuf's JSON writes an int64: a number, or a string of digits. */
function generation(name: string, value: unknown): number {
  const isDigits = typeof value === 'string' && /^\d{1,15}$/.test(value);
  const number = isDigits ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= 0) return number;
  throw new RequestMalformedError(`${name} must be an integer from 0 on.`);
}
