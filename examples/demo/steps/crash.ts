import { clientAt, clientOf, saying, stateName } from '../agent-client.ts';
import { PATIENCE_MS, type Step } from '../step.ts';
import { tally } from '../tally.ts';
import { chunksOf, inTime, TaskWatch } from '../task-watch.ts';

/** A dies in the middle of a task that a client follows on B. */
export const crash: Step = {
  title: ({ a, b }) =>
    `kill -9 ${a.name} in the middle of a task that a client follows on ${b.name}`,
  async run({ transcript, cluster, a, b }) {
    const onA = await clientOf(a.url);
    const onB = await clientOf(b.url);
    const anywhere = await clientAt(cluster.url, 'HTTP+JSON');
    const runner = new TaskWatch(onA.sendMessageStream(saying('2000 chunks, 25 ms apart')));
    await runner.isOpen(PATIENCE_MS);
    const watch = new TaskWatch(onB.resubscribeTask({ tenant: '', id: runner.taskId }));
    await Promise.all([runner.hasChunks(20, PATIENCE_MS), watch.hasChunks(20, PATIENCE_MS)]);
    const killed = Date.now();
    a.kill('SIGKILL');
    await watch.isOver(PATIENCE_MS);
    const took = Date.now() - killed;
    await runner.isOver(PATIENCE_MS);
    transcript.fact(
      `the client on ${b.name} saw ${watch.state} ("${watch.said}") after ${(took / 1000).toFixed(1)} s`,
      ['state', watch.state, 'FAILED'],
      [`end of the stream on ${a.name}`, runner.isCut ? 'cut off' : 'closed', 'cut off'],
    );
    // A client sees only stored chunks, so the stored ones are those that count as sent.
    const task = await inTime(
      PATIENCE_MS,
      'the task',
      onB.getTask({ tenant: '', id: runner.taskId }),
    );
    const stored = task.artifacts.flatMap(chunksOf);
    const sent = Math.max(stored.length, runner.chunks.length);
    const { received, duplicated, lost, inOrder } = tally(sent, watch.chunks);
    transcript.fact(
      `${sent} chunks sent until then, ${received} received, ${duplicated} duplicated, ${lost} lost`,
      ['chunks that lasted', stored, watch.chunks],
      ['duplicated', duplicated, 0],
      ['lost', lost, 0],
      ['in order', inOrder, true],
    );
    const states: string[] = [];
    for (const _ of cluster.instances) {
      const answer = anywhere.sendMessage(saying('2 chunks, 10 ms apart'));
      const sentNow = await inTime(PATIENCE_MS, 'an answer', answer);
      states.push('status' in sentNow ? stateName(sentNow.status?.state) : 'a message');
    }
    const completed = states.filter((state) => state === 'COMPLETED').length;
    transcript.fact(
      `${states.length} new tasks through the load balancer: ${completed} COMPLETED`,
      ['states', states, states.map(() => 'COMPLETED')],
    );
  },
};
