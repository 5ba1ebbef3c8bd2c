import { setTimeout as sleep } from 'node:timers/promises';
import { clientOf, saying, stateName } from '../agent-client.ts';
import { PATIENCE_MS, type Step } from '../step.ts';
import { tally } from '../tally.ts';
import { inTime, TaskWatch } from '../task-watch.ts';

const EVERY_MS = 25;
/** An agent that ignores the cancel sends many chunks in this time. */
const LISTEN_MS = 20 * EVERY_MS;

/** A cancel on C must stop the executor on A. */
export const cancel: Step = {
  title: ({ a, c }) => `${c.name} cancels what runs on ${a.name}`,
  async run({ transcript, a, c }) {
    const onA = await clientOf(a.url);
    const onC = await clientOf(c.url);
    const before = await a.stats();
    const watch = new TaskWatch(onA.sendMessageStream(saying(`2000 chunks, ${EVERY_MS} ms apart`)));
    await watch.hasChunks(10, PATIENCE_MS);
    const asked = Date.now();
    const answer = onC.cancelTask({ tenant: '', id: watch.taskId, metadata: undefined });
    const task = await inTime(PATIENCE_MS, 'the answer to the cancel', answer);
    const took = Date.now() - asked;
    await watch.isOver(PATIENCE_MS);
    const counts = tally(watch.sent ?? watch.chunks.length, watch.chunks);
    transcript.fact(
      `${stateName(task.status?.state)} answered by ${c.name} after ${took} ms; ` +
        `the client on ${a.name} saw ${watch.state}`,
      ['answer', stateName(task.status?.state), 'CANCELED'],
      [`state on ${a.name}`, watch.state, 'CANCELED'],
    );
    await idle(a.stats);
    await sleep(LISTEN_MS);
    const after = await a.stats();
    const refused = after.refusedEvents - before.refusedEvents;
    transcript.fact(
      `the executor stopped: ${watch.sent ?? '?'} chunks sent, ${counts.received} received, ` +
        `${counts.duplicated} duplicated, ${counts.lost} lost, ${refused} too late; ` +
        `${after.runs} runs left`,
      ['the executor says how many it sent', watch.sent !== undefined, true],
      ['received', counts.received, watch.sent],
      ['duplicated', counts.duplicated, 0],
      ['lost', counts.lost, 0],
      ['runs', after.runs, 0],
      ['too late', refused, 0],
    );
  },
};

/** Resolves when no run is left, or after a time limit. */
async function idle(stats: () => Promise<{ readonly runs: number }>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while ((await stats()).runs > 0 && Date.now() < deadline) await sleep(50);
}
