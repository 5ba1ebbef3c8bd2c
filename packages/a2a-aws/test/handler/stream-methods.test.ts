import { flush } from '@a2a-aws/testkit/fakes';
import type { AgentCard, StreamResponse } from '@a2a-js/sdk';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  COMPLETED,
  chunkOf,
  KEY,
  message,
  statusOf,
  taskOf,
  WORKING,
} from '../../../core/test/fixtures/events.ts';
import { begin } from '../../../core/test/fixtures/fleet.ts';
import { StreamMethods } from '../../src/handler/stream-methods.ts';
import { TaskReader } from '../../src/handler/task-reader.ts';
import { CURSOR_KEY, RESUMABLE_STREAMS } from '../../src/streams/extension.ts';
import { FlatStream, type Parts } from '../../src/streams/flat-stream.ts';
import { CARD, contextOf, HandlerHost, request } from '../fixtures/handler-host.ts';

const UNIQUE = '7f1c8a52-3b9e-4d06-9c47-e81f20b6d395';
const never = (): Promise<never> => new Promise(() => {});

let host: HandlerHost;
let streams: StreamMethods;

beforeEach(async () => {
  host = await HandlerHost.start();
  streams = methods();
});

function methods(card: AgentCard = CARD): StreamMethods {
  return new StreamMethods(card, host.deps, new TaskReader(host.deps), host.starter());
}

/** A client of the extension; it resumes after this cursor. */
const resuming = (cursor?: string) =>
  contextOf(cursor === undefined ? {} : { 'last-event-id': cursor }, [RESUMABLE_STREAMS]);

const subscription = (id: string = KEY.taskId) => ({ tenant: '', id });

type Stream = Parts<StreamResponse>;

/** Reads a stream in the background. */
function reading(parts: Stream) {
  const got: StreamResponse[] = [];
  let outcome: 'waits' | 'ended' | Error = 'waits';
  const done = (async () => {
    for await (const response of new FlatStream(parts)) got.push(response);
    outcome = 'ended';
  })().catch((error: Error) => {
    outcome = error;
  });
  return { got, kinds: () => got.map(kindOf), outcome: () => outcome, done };
}

const kindOf = ({ payload }: StreamResponse): unknown => payload?.$case;

const cursorOf = (response: StreamResponse | undefined): string =>
  String(response?.payload?.value.metadata?.[CURSOR_KEY]);

/** A task that works in a run of its own. */
async function working() {
  const { run } = await begin(host.member, 'm0');
  await run.publish(taskOf(WORKING));
  await flush();
  return run;
}

test('an agent that does not stream has no streams', async () => {
  const silent = methods({ ...CARD, capabilities: undefined });
  for (const stream of [
    silent.send(request('m1'), contextOf()),
    silent.subscribe(subscription(), contextOf()),
  ]) {
    await expect(stream.next()).rejects.toThrow('The agent does not stream.');
  }
});

describe('the stream of a message', () => {
  test('[I3] tells the task, then each event up to the end of its run, and leaves no log open', async () => {
    host.execute = (bus, of) =>
      bus.say(of, taskOf(WORKING), chunkOf('out', 'one'), statusOf(COMPLETED));
    const { kinds, outcome, done } = reading(streams.send(request('m1'), contextOf()));
    await done;
    await flush();
    expect(kinds()).toEqual(['task', 'artifactUpdate', 'statusUpdate']);
    expect([outcome(), host.openLogs]).toEqual(['ended', 0]);
  });

  test('is only a Message if the agent answers with one', async () => {
    host.execute = (bus) => bus.answer(message('answer'));
    const { kinds, done } = reading(streams.send(request('m1'), contextOf()));
    await done;
    expect(kinds()).toEqual(['message']);
  });

  test('[I3] that is sent again tells a client of the extension each event, and others the task', async () => {
    host.execute = (bus, of) => {
      bus.say(of, taskOf(WORKING), chunkOf('out', 'one'), chunkOf('out', 'two'));
      return never();
    };
    const first = reading(streams.send(request(UNIQUE), resuming()));
    await flush();
    const again = reading(streams.send(request(UNIQUE), resuming()));
    const other = reading(streams.send(request(UNIQUE), contextOf()));
    await flush();
    expect(again.kinds()).toEqual(['task', 'artifactUpdate', 'artifactUpdate']);
    expect(again.got).toEqual(first.got);
    expect(other.kinds()).toEqual(['task']);
  });

  test('[I10] whose client leaves gives up its tap, and the run goes on', async () => {
    host.execute = (bus, of) => {
      bus.say(of, taskOf(WORKING));
      return never();
    };
    const stream = new FlatStream(streams.send(request(UNIQUE), contextOf()));
    const first = await stream.next();
    const id = first.value?.payload?.$case === 'task' ? first.value.payload.value.id : '';
    const open = await host.open(id);
    expect(open.taps).toBe(1);
    await stream.return();
    expect(open.taps).toBe(0);
    expect(open.log.state.open.size).toBe(1);
  });

  test('[I3] fails if the instance stops before the run has ended', async () => {
    host.execute = (bus, of) => {
      bus.say(of, taskOf(WORKING));
      return never();
    };
    // A live instance would resume the run, so its log is not ended here.
    const starter = host.starter(host.driver(true));
    const resumable = new StreamMethods(CARD, host.deps, new TaskReader(host.deps), starter);
    const { outcome } = reading(resumable.send(request('m1'), contextOf()));
    await flush();
    const stopped = host.member.instance.stop(0);
    await host.fleet.clock.advance(10_000);
    await stopped;
    expect(outcome()).toMatchObject({ code: 'draining' });
  });
});

describe('a subscription', () => {
  test('[I3] tells the task as it is, then each event', async () => {
    const run = await working();
    const { kinds, outcome } = reading(streams.subscribe(subscription(), contextOf()));
    await flush();
    expect(kinds()).toEqual(['task']);
    await run.publish(chunkOf('out', 'one'));
    await run.publish(statusOf(COMPLETED));
    await flush();
    expect(kinds()).toEqual(['task', 'artifactUpdate', 'statusUpdate']);
    expect(outcome()).toBe('ended');
  });

  test('[I7] holds a watch until its client leaves', async () => {
    await working();
    const open = await host.open();
    const stream = new FlatStream(streams.subscribe(subscription(), contextOf()));
    await stream.next();
    expect([open.taps, (await host.fleet.registry.watchers(KEY)).length]).toEqual([1, 1]);
    await stream.return();
    await host.fleet.clock.advance(60_000);
    expect([open.taps, (await host.fleet.registry.watchers(KEY)).length]).toEqual([0, 0]);
  });

  test('[I3] resumes after the cursor that its client got last', async () => {
    const run = await working();
    const first = reading(streams.subscribe(subscription(), resuming()));
    await flush();
    await run.publish(chunkOf('out', 'one'));
    const second = run.publish(chunkOf('out', 'two'));
    await host.fleet.clock.advance(1_000);
    await second;
    await flush();
    const resumed = reading(streams.subscribe(subscription(), resuming(cursorOf(first.got[0]))));
    await flush();
    expect(resumed.got).toEqual(first.got.slice(1));
    expect(resumed.got).toHaveLength(2);
  });

  test('[I9] refuses the cursor of another task', async () => {
    await working();
    host.execute = (bus, of) => bus.say(of, taskOf(WORKING));
    const other = await new FlatStream(streams.send(request('m1'), resuming())).next();
    const foreign = cursorOf(other.value ?? undefined);
    await expect(streams.subscribe(subscription(), resuming(foreign)).next()).rejects.toMatchObject(
      { name: 'RequestMalformedError' },
    );
  });

  test.each([
    ['does not exist', 'missing', 'TaskNotFoundError'],
    ['has ended', KEY.taskId, 'UnsupportedOperationError'],
  ])('[I7] of a task that %s is refused, and leaves no log open', async (_, id, name) => {
    const run = await working();
    await run.publish(statusOf(COMPLETED));
    await host.member.instance.intents.finish(run);
    const refused = new FlatStream(streams.subscribe(subscription(id), contextOf())).next();
    await expect(refused).rejects.toMatchObject({ name });
    await flush();
    expect(host.openLogs).toBe(0);
    expect(await host.fleet.registry.watchers({ ...KEY, taskId: id })).toEqual([]);
  });

  test('[I5] is refused by an instance that stops', async () => {
    await host.member.instance.stop(0);
    await expect(streams.subscribe(subscription(), contextOf()).next()).rejects.toMatchObject({
      code: 'draining',
    });
  });
});
