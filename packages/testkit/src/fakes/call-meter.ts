import type { FakeService } from './fault-plan.ts';

/** The totals of one operation of one service. */
export interface OperationCount {
  readonly calls: number;
  /** Calls that failed for the client. */
  readonly failed: number;
  /** Bytes of bodies and items that went to the service. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** DynamoDB alone: units of 1 KB written, indexes included, and of 4 KB read. */
  readonly writeUnits: number;
  readonly readUnits: number;
  /** SNS and SQS alone: billed requests, one for each begun 64 KB. */
  readonly billedRequests: number;
}

export type Cost = Omit<OperationCount, 'calls' | 'failed'>;

const NO_COST: Cost = {
  bytesIn: 0,
  bytesOut: 0,
  writeUnits: 0,
  readUnits: 0,
  billedRequests: 0,
};

type Counting = { -readonly [K in keyof OperationCount]: OperationCount[K] };

const NOTHING: OperationCount = { ...NO_COST, calls: 0, failed: 0 };

/** Counts the calls to services, per operation: `dynamodb.PutItem`. */
export class CallMeter {
  readonly #counts = new Map<string, Counting>();

  /** The service acted. */
  spent(service: FakeService, operation: string, cost: Partial<Cost>): void {
    this.#add(service, operation, cost);
  }

  /** A client made a call. */
  called(service: FakeService, operation: string): void {
    this.#add(service, operation, { calls: 1 });
  }

  /** A call failed for its client. */
  failed(service: FakeService, operation: string): void {
    this.#add(service, operation, { failed: 1 });
  }

  /** Returns the totals of one operation. */
  of(service: FakeService, operation: string): OperationCount {
    return { ...(this.#counts.get(`${service}.${operation}`) ?? NOTHING) };
  }

  /** Returns the totals of all operations of a service, or of all services. */
  total(service?: FakeService): OperationCount {
    const total = { ...NOTHING };
    for (const [name, count] of this.#counts) {
      if (!service || name.startsWith(`${service}.`)) add(total, count);
    }
    return total;
  }

  /** Everything, by operation, in the order of first use. */
  entries(): IterableIterator<[string, OperationCount]> {
    return this.#counts.entries();
  }

  reset(): void {
    this.#counts.clear();
  }

  #add(service: FakeService, operation: string, more: Partial<OperationCount>): void {
    const name = `${service}.${operation}`;
    let count = this.#counts.get(name);
    if (!count) {
      count = { ...NOTHING };
      this.#counts.set(name, count);
    }
    add(count, more);
  }
}

function add(count: Counting, more: Partial<OperationCount>): void {
  count.calls += more.calls ?? 0;
  count.failed += more.failed ?? 0;
  count.bytesIn += more.bytesIn ?? 0;
  count.bytesOut += more.bytesOut ?? 0;
  count.writeUnits += more.writeUnits ?? 0;
  count.readUnits += more.readUnits ?? 0;
  count.billedRequests += more.billedRequests ?? 0;
}
