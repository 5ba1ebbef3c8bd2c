import type { StreamResponse } from '@a2a-js/sdk';
import { RequestMalformedError } from '@a2a-js/sdk/errors';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { gapOf, resumable, type StreamingClient } from '../src/index.ts';
import { artifact, EXTENSION, gap, status, task } from './fixtures/scripted-client.ts';

/** The behaviour of a server during one connection. */
interface Connection {
  /** The frames after which the connection ends; a longer rest is given in full. */
  readonly frames: number;
  /** True if it ends without an error. */
  readonly isClean: boolean;
  /** The events before the cursor that the server gives again. */
  readonly repeated: number;
  /** The server loses the event at this place, and does not say so. */
  readonly lost: number | undefined;
  readonly refuses: boolean;
  /** The number of the first events that are not kept any more. */
  readonly expired: number;
}

const connection = (faults: { losesEvents: boolean }): fc.Arbitrary<Connection> =>
  fc.record({
    frames: fc.nat(4),
    isClean: fc.boolean(),
    repeated: fc.nat(3),
    lost: faults.losesEvents ? fc.constant(undefined) : fc.option(fc.nat(3), { nil: undefined }),
    refuses: faults.losesEvents ? fc.nat(9).map((n) => n === 0) : fc.constant(false),
    expired: faults.losesEvents ? fc.nat(6) : fc.constant(0),
  });

/** The log of a task: a Task, then updates, then its end. */
function logOf(length: number): StreamResponse[] {
  return Array.from({ length }, (_, at) => {
    if (at === 0) return task(1);
    return at === length - 1 ? status(length, 'COMPLETED') : artifact(at + 1);
  });
}

function generation({ payload }: StreamResponse): number {
  return Number(payload?.value.metadata?.[`${EXTENSION}/generation`] ?? 0);
}

/** A client of a server that keeps this log and behaves so, connection by connection, and then well. */
function clientOf(length: number, behaviour: readonly Connection[]): StreamingClient {
  const log = logOf(length);
  let count = 0;
  async function* connect(
    isSend: boolean,
    cursor: string | undefined,
  ): AsyncGenerator<StreamResponse, void> {
    const one = behaviour[count];
    count += 1;
    if (cursor && one?.refuses) throw new RequestMalformedError();
    const has = Number(cursor?.slice(1) ?? 0);
    const { expired = 0, repeated = 0, lost, frames = Number.POSITIVE_INFINITY } = one ?? {};
    const current = Math.min(Math.max(expired, has, 1), length - 1);
    let given: StreamResponse[];
    // A subscription begins with the Task, as a later one does after a gap.
    if (!cursor && !isSend) given = [task(current), ...log.slice(current)];
    else if (cursor && current > has)
      given = [gap(has + 1, current), task(current), ...log.slice(current)];
    else given = log.slice(Math.max(0, has - repeated));
    // A client does not know the number of its first event, nor that of the last.
    const isBetween = lost !== undefined && cursor && lost + repeated < given.length - 1;
    if (isBetween) given.splice(lost + repeated, 1);
    yield* given.slice(0, frames).map((event) => structuredClone(event));
    if (frames < given.length && !one?.isClean) throw new TypeError('terminated');
  }
  return {
    sendMessageStream: () => connect(true, undefined),
    resubscribeTask: (_, call) => connect(false, call?.serviceParameters?.['Last-Event-ID']),
    getTask: () => Promise.reject(new Error('Not asked for.')),
  };
}

async function read(client: StreamingClient): Promise<StreamResponse[]> {
  const agent = resumable(client, { sleep: async () => {}, maxAttempts: 100 });
  const events: StreamResponse[] = [];
  const request = { tenant: '', message: undefined, configuration: undefined, metadata: undefined };
  for await (const event of agent.sendMessageStream(request)) events.push(event);
  return events;
}

test('Each event comes once and in order, however connections end, repeat events and lose them.', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 2, max: 9 }),
      fc.array(connection({ losesEvents: false }), { maxLength: 12 }),
      async (length, behaviour) => {
        const events = await read(clientOf(length, behaviour));
        expect(events.map(generation)).toEqual(logOf(length).map(generation));
        expect(events.filter((event) => gapOf(event))).toEqual([]);
      },
    ),
    { numRuns: 500 },
  );
});

test('Each missing event is before a marked Task, and no event comes twice.', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 2, max: 9 }),
      fc.array(connection({ losesEvents: true }), { maxLength: 12 }),
      async (length, behaviour) => {
        const events = await read(clientOf(length, behaviour));
        let last = 0;
        for (const event of events) {
          const next = generation(event);
          if (gapOf(event)) expect(event.payload?.$case).toBe('task');
          else expect(next).toBe(last + 1);
          last = next;
        }
        expect(last).toBe(length);
      },
    ),
    { numRuns: 500 },
  );
});
