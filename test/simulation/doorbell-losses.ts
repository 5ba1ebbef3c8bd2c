import type { SeededRandom } from '@a2a-aws/testkit/fakes';
import type { Fleet } from './fleet.ts';

/** Filter policies of a topic that is not full. */
const ROOM = 200;

/** Deletes the queue of an instance. Returns its name; undefined if there is none. */
export function loseQueue({ aws }: Fleet, random: SeededRandom): string | undefined {
  const name = any([...aws.sqs.queues.keys()], random);
  if (name !== undefined) aws.sqs.lose(name);
  return name;
}

/** Removes the subscription of an instance. Returns its queue's ARN; undefined if there is none. */
export function loseSubscription({ aws }: Fleet, random: SeededRandom): string | undefined {
  const arn = any(aws.sns.subscribedQueues(), random);
  if (arn !== undefined) aws.sns.lose(arn);
  return arn;
}

/** Blocks all calls to SNS and SQS from now on, for `ms` milliseconds. */
export function cutMessaging({ clock, outages }: Fleet, ms: number): void {
  outages.push({ services: ['sns', 'sqs'], until: clock.now() + ms });
}

/** Makes the topic refuse new subscriptions for `ms` milliseconds. */
export function fillTopic({ aws, clock }: Fleet, ms: number): void {
  aws.sns.filterPolicies = 0;
  clock.after(ms, () => {
    aws.sns.filterPolicies = ROOM;
  });
}

/** Plans losses and outages of doorbells; `began` is in milliseconds from now. */
export function planDoorbellLosses(fleet: Fleet, random: SeededRandom, began: number): void {
  const { clock } = fleet;
  const plan = (share: number, act: () => void): void => {
    const ms = began + random.whole(-200, 15_000);
    if (random.percent(share)) clock.after(ms, act);
  };
  plan(45, () => loseQueue(fleet, random));
  plan(45, () => loseSubscription(fleet, random));
  plan(25, () => cutMessaging(fleet, random.pick([3_000, 20_000, 40_000])));
  plan(25, () => fillTopic(fleet, random.pick([3_000, 20_000, 40_000])));
}

function any(names: readonly string[], random: SeededRandom): string | undefined {
  const [first, ...others] = names;
  return first === undefined ? undefined : random.pick([first, ...others]);
}
