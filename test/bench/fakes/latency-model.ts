import { type FaultPlan, SeededRandom, steady } from '@a2a-aws/testkit/fakes';

/** The average durations of the four steps from an append to a remote tap, in milliseconds. */
export const STEPS_MS = { append: 5, publish: 20, delivery: 16, receive: 10 } as const;

/**
 * The constant share of each latency. The rest is exponential, so some latencies are much longer.
 */
const FIXED = 0.7;

/**
 * Returns latencies like those inside a region, one after the other. A service acts when the whole
 * latency has passed, and a waiting poll receives the message that much later.
 */
export function latencyModel(seed: number): FaultPlan {
  const random = new SeededRandom(seed);
  const around = (ms: number): number => ms * (FIXED - (1 - FIXED) * Math.log(1 - random.next()));
  return {
    ...steady(),
    call: ({ service, operation }) => {
      if (operation === 'ReceiveMessage') return { acts: [0], answers: around(STEPS_MS.receive) };
      // A send is assumed to last as long as a publish.
      const isPublish = service === 'sns' || operation === 'SendMessageBatch';
      const ms = around(
        service === 'dynamodb' ? STEPS_MS.append : isPublish ? STEPS_MS.publish : STEPS_MS.receive,
      );
      return { acts: [ms], answers: ms };
    },
    deliveries: () => [around(STEPS_MS.delivery)],
  };
}
