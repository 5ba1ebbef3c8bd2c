import { end } from '../ending.ts';
import { reachOf } from '../leftovers.ts';
import type { Scene } from '../stage.ts';

/** Nothing is left in AWS, neither of those that stop nor of the one that was killed. */
export const shutdown: Scene = {
  title: () => 'A clean shutdown leaves nothing in AWS',
  async play({ transcript, cluster, a, idOfA }) {
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
    await end(cluster, survivors, transcript);
  },
};
