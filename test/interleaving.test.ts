import { Gate } from '@a2a-aws/testkit/fakes';
import type { StreamResponse } from '@a2a-js/sdk';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FakeServer } from './fixtures/fake-deployment.ts';
import { InterleavedFleet } from './fixtures/interleaved-fleet.ts';
import { callContext, get, send } from './fixtures/requests.ts';
import { pictureOf, pictureOfFrames } from './fixtures/task-picture.ts';

const timeout = 120_000;
const RUNS = 60;
/** Longer than a doorbell that is lost can go unnoticed, and shorter than a lease. */
const LIMIT_MS = 18_000;

const bursts = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 });
const losses = fc.array(fc.boolean(), { minLength: 1, maxLength: 8 });

test('[I1] [I3] [I6] [I8] in any order of calls and answers, every reader gets each event once and ends', {
  timeout,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), bursts, losses, async (scheduler, sizes, lost) => {
      const fleet = new InterleavedFleet(scheduler, lost);
      const a = await fleet.until(fleet.start('A'), LIMIT_MS);
      const b = await fleet.until(fleet.start('B'), LIMIT_MS);
      const total = sizes.reduce((sum, size) => sum + size, 0);
      const text = fleet.script(async (turn) => {
        turn.task();
        let from = 0;
        for (const size of sizes) {
          turn.chunks('out', from, from + size);
          from += size;
          await turn.run.flush();
        }
        turn.status('COMPLETED');
      });

      const sender = new Frames(a.handler.sendMessageStream(send(text), callContext()));
      const id = await fleet.until(sender.taskId, LIMIT_MS);
      // It takes its first frame, and nothing more.
      const stuck = subscribe(b, id);
      const opened = stuck.next().catch(ended);
      const follower = new Frames(subscribe(b, id));
      await fleet.until(Promise.all([opened, sender.end, follower.end]), LIMIT_MS);

      const stored = pictureOf(
        await fleet.until(a.handler.getTask(get(id), callContext()), LIMIT_MS),
      );
      expect(stored.state).toBe('COMPLETED');
      expect(stored.artifacts).toEqual({ out: Array.from({ length: total }, (_, at) => `${at}`) });
      expect(pictureOfFrames(sender.frames)).toEqual(stored);
      // A reader that came after the end of the task got an error.
      if (follower.frames.length > 0) expect(pictureOfFrames(follower.frames)).toEqual(stored);

      await fleet.until(
        Promise.all([stuck.return(), a.backend.stop(), b.backend.stop()]),
        LIMIT_MS,
      );
      expect([a, b].map(({ backend }) => backend.stats().taps)).toEqual([0, 0]);
    }),
    { numRuns: RUNS },
  );
});

function subscribe({ handler }: FakeServer, id: string): AsyncGenerator<StreamResponse, void> {
  return handler.resubscribe(get(id), callContext());
}

/** The one error that a subscriber may meet here. */
function ended(error: unknown): undefined {
  expect(String(error)).toContain('has ended');
  return undefined;
}

/** Reads a stream to its end. */
class Frames {
  readonly frames: StreamResponse[] = [];
  readonly taskId: Promise<string>;
  readonly end: Promise<void>;

  constructor(stream: AsyncIterable<StreamResponse>) {
    const found = new Gate<string>();
    this.taskId = found.opened;
    this.end = (async () => {
      for await (const frame of stream) {
        this.frames.push(frame);
        if (frame.payload?.$case === 'task') found.open(frame.payload.value.id);
      }
    })().catch(ended);
  }
}
