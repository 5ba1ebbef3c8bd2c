import { clientOf, saying } from '../agent-client.ts';
import { PATIENCE_MS, type Step } from '../step.ts';
import { median, tally } from '../tally.ts';
import { inTime, TaskWatch } from '../task-watch.ts';

const CHUNKS = 40;

/** A task that is streamed on A and followed on B and C, where it does not run. */
export const follow: Step = {
  title: ({ a, b, c }) => {
    const others = [...new Set([b.name, c.name])].join(' and ');
    return `A task runs on ${a.name}; clients follow it on ${others} as well`;
  },
  async run({ transcript, a, b, c }) {
    const onA = await clientOf(a.url);
    const onB = await clientOf(b.url, 'HTTP+JSON');
    const onC = await clientOf(c.url);
    const order = saying(`${CHUNKS} chunks, 25 ms apart, with a wait after 0`);
    const first = new TaskWatch(onA.sendMessageStream(order));
    await first.isOpen(PATIENCE_MS);
    const subscription = { tenant: '', id: first.taskId };
    const watches = [
      { label: `${a.name}, JSON-RPC`, watch: first },
      { label: `${b.name}, HTTP+JSON`, watch: new TaskWatch(onB.resubscribeTask(subscription)) },
      { label: `${c.name}, JSON-RPC`, watch: new TaskWatch(onC.resubscribeTask(subscription)) },
    ];
    await Promise.all(watches.map(({ watch }) => watch.isOpen(PATIENCE_MS)));
    await inTime(PATIENCE_MS, 'an answer', onA.sendMessage(saying('Go on.', first.taskId)));
    await Promise.all(watches.map(({ watch }) => watch.isOver(PATIENCE_MS)));
    transcript.text(
      '      client on       sent  received  duplicated  lost  in order  median delay',
    );
    for (const { label, watch } of watches) {
      const { sent, received, duplicated, lost, inOrder } = tally(
        watch.sent ?? CHUNKS,
        watch.chunks,
      );
      const cells = [
        label.padEnd(12),
        String(sent).padStart(10),
        String(received).padStart(10),
        String(duplicated).padStart(12),
        String(lost).padStart(6),
        (inOrder ? 'yes' : 'no').padStart(10),
        `${median(watch.delays) ?? '?'} ms`.padStart(14),
      ];
      transcript.fact(
        cells.join(''),
        ['sent', watch.sent, CHUNKS],
        ['received', received, CHUNKS],
        ['duplicated', duplicated, 0],
        ['lost', lost, 0],
        ['in order', inOrder, true],
        ['state', watch.state, 'COMPLETED'],
      );
    }
  },
};
