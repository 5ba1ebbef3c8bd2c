import { clientAt, clientOf, saying } from '../agent-client.ts';
import { PATIENCE_MS, type Step } from '../step.ts';
import { tally } from '../tally.ts';
import { inTime, TaskWatch } from '../task-watch.ts';

const CHUNKS = 40;

/** A client that comes when half is done, through the load balancer. */
export const joinLate: Step = {
  title: ({ b }) => `A client joins a task on ${b.name} late, through the load balancer`,
  async run({ transcript, cluster, b }) {
    const onB = await clientOf(b.url);
    const anywhere = await clientAt(cluster.url);
    const order = saying(`${CHUNKS} chunks, 25 ms apart, with a wait after ${CHUNKS / 2}`);
    const first = new TaskWatch(onB.sendMessageStream(order));
    await first.hasChunks(CHUNKS / 2, PATIENCE_MS);
    const late = new TaskWatch(anywhere.resubscribeTask({ tenant: '', id: first.taskId }));
    await late.isOpen(PATIENCE_MS);
    await inTime(PATIENCE_MS, 'an answer', onB.sendMessage(saying('Go on.', first.taskId)));
    await Promise.all([first.isOver(PATIENCE_MS), late.isOver(PATIENCE_MS)]);
    const { received, duplicated, lost, inOrder } = tally(CHUNKS, late.chunks);
    const { inSnapshot } = late;
    transcript.fact(
      `${inSnapshot} chunks in the snapshot + ${received - inSnapshot} live = ${received} of ` +
        `${CHUNKS} sent, ${duplicated} duplicated, ${lost} lost`,
      ['at least half of them in the snapshot', inSnapshot >= CHUNKS / 2, true],
      ['some of them live', received > inSnapshot, true],
      ['duplicated', duplicated, 0],
      ['lost', lost, 0],
      ['in order', inOrder, true],
      ['state', late.state, 'COMPLETED'],
    );
  },
};
