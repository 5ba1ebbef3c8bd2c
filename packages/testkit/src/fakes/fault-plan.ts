import type { SeededRandom } from './seeded-entropy.ts';

export type FakeService = 'dynamodb' | 'sns' | 'sqs';

/** A call that a client is about to make. */
export interface FakeCall {
  /** The owner of the client. */
  readonly caller: string;
  readonly service: FakeService;
  /** As the service names it: `PutItem`, `PublishBatch` … */
  readonly operation: string;
  /** It may change something. */
  readonly writes: boolean;
  /** The input of the client's command. */
  readonly input: unknown;
}

/**
 * The outcome of a call. All times are milliseconds since the call was made. A call that acts after
 * its client got a time-out is a late write.
 */
export interface CallOutcome {
  /** When the service acts, once for each number: never if the call is lost, twice if it is repeated. */
  readonly acts: readonly number[];
  /**
   * When the client gets the answer: not before the service has acted for the first time, unless it
   * `fails`.
   */
  readonly answers: number;
  /** The error that the client gets instead of the answer. */
  readonly fails?: 'time-out' | 'throttled' | 'unavailable' | undefined;
  /** Entries of a batch that fail, as a share of a hundred. */
  readonly failedEntries?: number | undefined;
}

/** Decides the outcomes of calls and messages. All faults come from here. */
export interface FaultPlan {
  call(call: FakeCall): CallOutcome;
  /** When copies of a message that SNS took reach a queue, in milliseconds: none if it is lost. */
  deliveries(target: string): readonly number[];
  /**
   * How long a new subscription gets no messages, in milliseconds, because its filter is not in
   * force yet.
   */
  subscriptionLag(): number;
  /** How far an index of a table lags behind it, in milliseconds. */
  indexLag(): number;
  /** True for an entry of a batch to fail; see {@link CallOutcome.failedEntries}. */
  entryFails(share: number): boolean;
}

/**
 * Returns a plan in which every call succeeds after the given milliseconds; by default at once,
 * without a timer.
 */
export function steady(latency: Partial<Record<FakeService | 'delivery', number>> = {}): FaultPlan {
  const delivery = [latency.delivery ?? 0];
  return {
    call: ({ service }) => {
      const ms = latency[service] ?? 0;
      return { acts: [ms / 2], answers: ms };
    },
    deliveries: () => delivery,
    subscriptionLag: () => 0,
    indexLag: () => 0,
    entryFails: () => false,
  };
}

/** How often each fault occurs, as a share of a hundred calls, entries or messages. */
export interface FaultRates {
  /** The call never reaches the service, and the client times out. */
  readonly lost: number;
  /** The service acts, the client times out. */
  readonly timedOutAfterSuccess: number;
  /** The client times out, the service acts later. */
  readonly late: number;
  /** The service acts twice (a retry inside the client). */
  readonly repeated: number;
  readonly throttled: number;
  readonly failedEntries: number;
  readonly messagesLost: number;
  readonly messagesRepeated: number;
  /** Messages that take up to 4 s instead of up to 60 ms, and so overtake each other. */
  readonly messagesLate: number;
}

export const NO_FAULTS: FaultRates = {
  lost: 0,
  timedOutAfterSuccess: 0,
  late: 0,
  repeated: 0,
  throttled: 0,
  failedEntries: 0,
  messagesLost: 0,
  messagesRepeated: 0,
  messagesLate: 0,
};

/** The faults of a bad day; the doorbell is worse off than the table. */
export const SOME_FAULTS: FaultRates = {
  lost: 1.5,
  timedOutAfterSuccess: 2,
  late: 1.5,
  repeated: 1,
  throttled: 1,
  failedEntries: 5,
  messagesLost: 8,
  messagesRepeated: 8,
  messagesLate: 10,
};

/** A client of these fakes gives up after at most so many milliseconds, as the real ones do. */
const LONGEST_CALL_MS = 5_000;

/** Faults at random, all from one seed. `rates` is asked for each call, so it may change. */
export function randomFaults(random: SeededRandom, rates: () => FaultRates): FaultPlan {
  const way = (): number =>
    random.percent(90) ? random.whole(1, 8) : random.whole(8, rates() === NO_FAULTS ? 30 : 400);
  const call = ({ writes }: FakeCall): CallOutcome => {
    const { lost, timedOutAfterSuccess, late, repeated, throttled, failedEntries } = rates();
    const [there, back] = [way(), way()];
    const dice = random.next() * 100;
    let edge = lost;
    if (dice < edge) return { acts: [], answers: there + LONGEST_CALL_MS / 10, fails: 'time-out' };
    edge += throttled;
    if (dice < edge) return { acts: [], answers: there + back, fails: 'throttled' };
    if (writes) {
      edge += timedOutAfterSuccess;
      if (dice < edge) return { acts: [there], answers: there + back + 50, fails: 'time-out' };
      edge += late;
      if (dice < edge) {
        const acts = [there + random.whole(0, 3_000)];
        return { acts, answers: there + 50, fails: 'time-out' };
      }
      edge += repeated;
      if (dice < edge) {
        const again = there + random.whole(0, 200);
        return { acts: [there, again], answers: again + back, failedEntries };
      }
    }
    return { acts: [there], answers: there + back, failedEntries };
  };
  return {
    call,
    deliveries: () => {
      const { messagesLost, messagesRepeated, messagesLate } = rates();
      const copy = (): number =>
        random.percent(messagesLate) ? random.whole(60, 4_000) : random.whole(3, 60);
      if (random.percent(messagesLost)) return [];
      return random.percent(messagesRepeated) ? [copy(), copy()] : [copy()];
    },
    subscriptionLag: () => (random.percent(80) ? 0 : random.whole(0, 60_000)),
    indexLag: () => random.whole(0, 500),
    entryFails: (share) => random.percent(share),
  };
}
