import type { Target } from './row.ts';

/** The targets of this project. Each figure is measured and printed beside its target. */
export const TARGETS = {
  /** Latency as a multiple of the same calls made by hand. */
  latencyMedian: { atMost: 1.5 },
  latencyTail: { atMost: 3 },
  /** Events a second of one task. */
  throughput: { atLeast: 1_000 },
  /** Bytes written as a multiple of the events' own JSON, taps on other instances included. */
  writtenBytes: { atMost: 1.5 },
  /** The same for a task of ten chunks, from its message to its end. */
  fewChunksBytes: { atMost: 1.4 },
  /** The same for a task of a hundred chunks or more. */
  plainBytes: { burst: { atMost: 1.15 }, durable: { atMost: 1.25 } },
  compressedBytes: { burst: { atMost: 0.5 }, durable: { atMost: 0.85 } },
  /** Bytes of a chunk among 10,000, as a multiple of those of a chunk among 1,000: no growth. */
  writtenGrowth: { atMost: 1.05 },
  /** Calls to open a task whose log fits into a megabyte. */
  smallLoadCalls: { atMost: 1 },
  /** Heap to open a task of 50 MB, as a multiple of the task's JSON. */
  largeLoadHeap: { atMost: 3 },
  /**
   * Milliseconds for GetTask after 16,000 messages; its growth for each doubling; the event loop's
   * longest delay.
   */
  conversationMs: { atMost: 1_000 },
  conversationGrowth: { atMost: 2.4 },
  conversationStallMs: { atMost: 50 },
  /** Events a second that one writer appends to one task, five milliseconds a call. */
  appendRate: { atLeast: 5_000 },
  /**
   * CPU time of an event among the last thousand of ten thousand, as a multiple of one among the
   * first thousand.
   */
  cpuGrowth: { atMost: 1.25 },
  /** Milliseconds from a durable event to its webhook, on the same instance. */
  pushMs: { atMost: 5 },
  /** Calls to AWS for a task with push configurations that has no new events. */
  idlePushCalls: { atMost: 0 },
  /** Calls to DynamoDB for a pushed event of a burst. */
  pushCalls: { atMost: 0.2 },
  /** Megabytes held for 1,000 push configurations. */
  pushMemory: { atMost: 50 },
  /** Megabytes held for 10,000 events that wait for one receiver. */
  slowPushMemory: { atMost: 16 },
  /** Calls to DynamoDB, SNS and SQS, all instances together, for 1,000 events in one burst. */
  burstCalls: { atMost: 60 },
  /** The same for 1,000 events, one a millisecond. */
  millisecondCalls: { atMost: 120 },
  /** CPU milliseconds of a server for each of a model's tokens, and the same of the instances of a followed task. */
  tokenCpu: { atMost: 0.25 },
  followedTokenCpu: { atMost: 0.35 },
  followingCpu: { atMost: 0.2 },
  /** CPU of a token as a multiple of its CPU with the SDK's handler and its store in memory. */
  tokenCpuRatio: { atMost: 0.4 },
  /** Latency of few streams, and time to the first event, as a multiple of those without record delays. */
  tokenLatency: { atMost: 1.1 },
  /** Streams of 30 tokens a second that one process serves. */
  tokenStreams: { atLeast: 150 },
  /** US dollars per million tokens. */
  tokenDollars: { atMost: 0.6 },
  /** Megabytes that 10,000 open taps of one instance hold in all. */
  tapMemory: { atMost: 200 },
  /** Megabytes more that an instance holds while a reader of a 200 MB stream is stuck. */
  stuckReader: { atMost: 16 },
  /**
   * The time from a publish to a remote tap, as a multiple of the sum of the four calls on the way.
   */
  chainMedian: { atMost: 1.15 },
  chainTail: { atMost: 2 },
  /**
   * The same without a topic, as a multiple of the time with one. A slower option would be
   * pointless.
   */
  directMedian: { atMost: 1 },
  /** Seconds from the beginning of an outage of SNS and SQS to the last late event. */
  outageNoticed: { atMost: 15 },
  /** Milliseconds from then on for an event. */
  outageLatency: { atMost: 1_000 },
  /** Events that the outage lost or repeated. */
  outageLost: { atMost: 0 },
  /** Seconds from the end of an overload until a new run is accepted. */
  overloadRecoverySeconds: { atMost: 5 },
  /** Events a second that one receiver takes from its queue. */
  receiver: { atLeast: 10_000 },
  /** US dollars per million events of 1 KB, ten events a record. */
  dollarsDeflated: { atMost: 0.61 },
  dollarsPlain: { atMost: 1 },
  /** An event's cost among 1,000 instances, as a multiple of its cost among 10: no growth. */
  fleetGrowth: { atMost: 1.05 },
  /** Calls to DynamoDB that wait for one another, for a page of a list. */
  listRoundTrips: { atMost: 2 },
  /** Calls to DynamoDB that wait for one another, until a resumed stream tells the first missed event. */
  firstMissedCalls: { atMost: 2 },
  /** Bytes of a resumed stream, as a multiple of those of the same events on a stream without a cut. */
  missedBytes: { atMost: 1.05 },
  /** Seconds until 1,000 clients that reconnect at once have caught up, each 200 events behind. */
  reconnectSeconds: { atMost: 5 },
  /** CPU of an event on a stream with cursors, as a multiple of one without. */
  cursorCpu: { atMost: 1.05 },
  /** The time from an event to a long poll's answer, as a multiple of that to a stream. */
  longPoll: { atMost: 1.15 },
  /** Seconds from an instance's death until its tasks are terminal: a lease and two heartbeats … */
  endedSeconds: { atMost: 30 },
  /** … or two leases and two heartbeats if the janitors' leader died with it. */
  endedWithLeaderSeconds: { atMost: 50 },
  /** Seconds from then until all its rows and resources are gone. */
  goneSeconds: { atMost: 90 },
  /**
   * Calls and read units of an instance after 9,900 others, as a multiple of those of one after
   * 2,000.
   */
  livesGrowth: { atMost: 1.05 },
  /** US dollars a month for an idle instance. */
  idleDollars: { atMost: 0.5 },
  /**
   * A quarter of a partition's capacity per second (Amazon DynamoDB, "Quotas": 1,000 and 3,000).
   */
  beatUnits: { atMost: 250 },
  leaseReads: { atMost: 750 },
} as const satisfies Record<string, Target | Record<string, Target>>;
