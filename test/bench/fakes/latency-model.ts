import { type FaultPlan, SeededRandom, steady } from '@a2a-aws/testkit/fakes';

/** What the four steps from an append to a remote tap take on the average, in milliseconds. */
export const STEPS_MS = { append: 5, publish: 20, delivery: 16, receive: 10 } as const;

/** The share of each latency that does not vary; the rest is exponential: some are much longer. */
const FIXED = 0.7;

/**
 * Latencies like those inside a region, one after the other: a service acts when all of its time has
 * passed, and a poll that waits has the message so much later.
 */
export function latencyModel(seed: number): FaultPlan {
  const random = new SeededRandom(seed);
  const around = (ms: number): number => ms * (FIXED - (1 - FIXED) * Math.log(1 - random.next()));
  return {
    ...steady(),
    call: ({ service, operation }) => {
      if (operation === 'ReceiveMessage') return { acts: [0], answers: around(STEPS_MS.receive) };
      // A send is taken to last as long as a publish.
      const isPublish = service === 'sns' || operation === 'SendMessageBatch';
      const ms = around(
        service === 'dynamodb' ? STEPS_MS.append : isPublish ? STEPS_MS.publish : STEPS_MS.receive,
      );
      return { acts: [ms], answers: ms };
    },
    deliveries: () => [around(STEPS_MS.delivery)],
  };
}
