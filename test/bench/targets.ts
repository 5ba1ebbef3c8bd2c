import type { Target } from './row.ts';

/** What this project holds itself to; each figure is measured and printed beside its own. */
export const TARGETS = {
  /** Latency as a multiple of the same calls made by hand. */
  latencyMedian: { atMost: 1.5 },
  latencyTail: { atMost: 3 },
  /** Events of one task, a second. */
  throughput: { atLeast: 1_000 },
  /** Bytes written as a multiple of the events' own JSON. */
  writtenBytes: { atMost: 1.5 },
  /** Bytes of a chunk among 1,000, as a multiple of those of a chunk among 100: no growth. */
  writtenGrowth: { atMost: 1.05 },
  /** Calls to DynamoDB, SNS and SQS, all instances together, for 1,000 events in one burst. */
  burstCalls: { atMost: 60 },
  /** Megabytes that 10,000 open taps of one instance hold in all. */
  tapMemory: { atMost: 200 },
  /** Megabytes more that an instance holds while a reader of a 200 MB stream is stuck. */
  stuckReader: { atMost: 16 },
  /** Publish to remote tap as a multiple of the sum of the four calls on the way. */
  chainMedian: { atMost: 1.15 },
  chainTail: { atMost: 2 },
  /** Events a second that one receiver takes from its queue. */
  receiver: { atLeast: 10_000 },
  /** US dollars per million events of 1 KB, ten events a record. */
  dollarsDeflated: { atMost: 0.61 },
  dollarsPlain: { atMost: 1 },
  /** An event's cost among 1,000 instances as a multiple of that among 10: flat. */
  fleetGrowth: { atMost: 1.05 },
  /** Calls to DynamoDB that wait for one another, for a page of a list. */
  listRoundTrips: { atMost: 2 },
  /** US dollars a month for an instance that has nothing to do. */
  idleDollars: { atMost: 0.5 },
  /** A quarter of what a partition takes a second (Amazon DynamoDB, "Quotas": 1,000 and 3,000). */
  beatUnits: { atMost: 250 },
  leaseReads: { atMost: 750 },
} as const satisfies Record<string, Target>;
