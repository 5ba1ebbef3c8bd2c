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
} as const satisfies Record<string, Target>;
