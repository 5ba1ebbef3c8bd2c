import { reachOf } from '../leftovers.ts';
import type { Step } from '../step.ts';
import { stopServers } from '../stop.ts';

/** Stops the other servers. Then AWS contains no queue and no subscription of any server. */
export const shutdown: Step = {
  title: () => 'A clean shutdown leaves nothing in AWS',
  async run({ transcript, cluster, a, idOfA }) {
    const survivors = cluster.instances.filter((instance) => instance !== a);
    const swept = await reachOf(survivors.length, cluster.aws);
    transcript.fact(
      `the others have removed what ${a.name} had: ` +
        `${swept.queues.length} queues, ${swept.subscribed.length} subscriptions left`,
      ['queues', swept.queues.length, survivors.length],
      ['subscriptions', swept.subscribed.length, survivors.length],
      [`queues of ${a.name}`, swept.queues.filter((queue) => queue.endsWith(idOfA)), []],
      [`subscriptions of ${a.name}`, swept.subscribed.filter((arn) => arn.endsWith(idOfA)), []],
    );
    await stopServers(cluster, survivors, transcript);
  },
};
