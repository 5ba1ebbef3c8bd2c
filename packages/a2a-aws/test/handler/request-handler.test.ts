import { EventEmitter } from 'node:events';
import { flush, Gate } from '@a2a-aws/testkit/fakes';
import { ListTasksRequest, type Task, TaskState } from '@a2a-js/sdk';
import type { ServerCallContext } from '@a2a-js/sdk/server';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  COMPLETED,
  chunkOf,
  INPUT_REQUIRED,
  KEY,
  message,
  statusOf,
  taskOf,
  WORKING,
} from '../../../core/test/fixtures/events.ts';
import { begin } from '../../../core/test/fixtures/fleet.ts';
import { noAnswer, pass } from '../../../core/test/fixtures/wrapped-storage.ts';
import type { GrpcCall } from '../../src/connections/answer.ts';
import { grpcConnection } from '../../src/connections/connection.ts';
import type { RequestHandlerOptions } from '../../src/handler/handler-options.ts';
import { BackendRequestHandler } from '../../src/handler/request-handler.ts';
import { GENERATION_KEY, RESUMABLE_STREAMS } from '../../src/streams/extension.ts';
import { CARD, contextOf, HandlerHost, request } from '../fixtures/handler-host.ts';

const never = (): Promise<never> => new Promise(() => {});

let host: HandlerHost;
let handler: BackendRequestHandler;

beforeEach(async () => {
  host = await HandlerHost.start();
  handler = handlerWith();
});

function handlerWith(options: RequestHandlerOptions = {}): BackendRequestHandler {
  return new BackendRequestHandler(CARD, host.executor, options, host.deps);
}

const of = (id: string = KEY.taskId) => ({ tenant: '', id });
const canceling = (id: string = KEY.taskId) => ({ ...of(id), metadata: undefined });
const withExtension = (): ServerCallContext => contextOf({}, [RESUMABLE_STREAMS]);

/** A send with this configuration. */
function send(id: string, configuration: { returnImmediately?: boolean; historyLength?: number }) {
  const of = { acceptedOutputModes: [], taskPushNotificationConfig: undefined };
  return {
    ...request(id),
    configuration: { ...of, returnImmediately: false, ...configuration },
  };
}

/** A call over gRPC whose client can leave. */
function leavingClient(): { context: ServerCallContext; leave: () => void } {
  const headers: Record<string, string> = {};
  const metadata = {
    set: (key: string, value: string) => {
      headers[key] = value;
    },
  };
  const call: GrpcCall = Object.assign(new EventEmitter(), { cancelled: false, metadata });
  grpcConnection(call, 'leaving', host.fleet.clock);
  return { context: contextOf(headers), leave: () => call.emit('cancelled') };
}

async function taskIn(state: TaskState): Promise<void> {
  const { run } = await begin(host.member, 'm0');
  await run.publish(taskOf(WORKING));
  if (state !== WORKING) await run.publish(statusOf(state));
  if (state !== WORKING) await host.member.instance.intents.finish(run);
}

describe('the agent card', () => {
  test('declares the extension of the backend, and is signed as it is', async () => {
    const { capabilities } = await handler.getAgentCard();
    expect(capabilities?.extensions).toMatchObject([{ uri: RESUMABLE_STREAMS }]);
    const signed = handlerWith({
      agentCardSignatureGenerator: async (card) => ({ ...card, name: `${card.name}, signed` }),
    });
    expect((await signed.getAgentCard()).name).toBe('agent, signed');
  });

  test('whose signature fails is an error that tells clients nothing', async () => {
    const failing = handlerWith({
      agentCardSignatureGenerator: () => Promise.reject(new Error('secret')),
    });
    await expect(failing.getAgentCard()).rejects.toThrow(
      'The server failed to handle the request.',
    );
    expect(host.logged.join()).toContain('request.failed');
    expect(host.logged.join()).not.toContain('secret');
  });
});

describe('a message', () => {
  test('is answered with the task at the end of its run, and leaves no log open', async () => {
    host.execute = (bus, of) =>
      bus.say(of, taskOf(WORKING), chunkOf('out', 'one'), statusOf(COMPLETED));
    const task = (await handler.sendMessage(request('m1'), contextOf())) as Task;
    expect([task.status?.state, task.artifacts.length]).toEqual([COMPLETED, 1]);
    await flush();
    expect(host.openLogs).toBe(0);
  });

  test('is answered with a Message, or at once, or with less history, as asked', async () => {
    host.execute = (bus) => bus.answer(message('answer'));
    expect(await handler.sendMessage(request('m1'), contextOf())).toMatchObject({
      messageId: 'answer',
    });
    host.execute = (bus, of) => {
      bus.say(of, taskOf(WORKING));
      return never();
    };
    const immediate = handler.sendMessage(send('m2', { returnImmediately: true }), contextOf());
    expect(await immediate).toMatchObject({ status: { state: WORKING } });
    host.execute = (bus, of) =>
      bus.say(of, taskOf(WORKING, { history: [of.userMessage] }), statusOf(COMPLETED));
    const short = handler.sendMessage(send('m3', { historyLength: 0 }), contextOf());
    expect(await short).toMatchObject({ status: { state: COMPLETED }, history: [] });
  });

  test('[I10] whose client leaves is answered no more, and its run goes on', async () => {
    const gate = new Gate();
    let taskId = '';
    host.execute = async (bus, of) => {
      taskId = of.taskId;
      bus.say(of, taskOf(WORKING));
      await gate.opened;
      bus.say(of, statusOf(COMPLETED));
    };
    const { context, leave } = leavingClient();
    const answered = handler.sendMessage(request('m1'), context);
    await flush();
    leave();
    await expect(answered).rejects.toThrow('The client has left.');
    gate.open();
    await flush();
    expect(await handler.getTask(of(taskId), contextOf())).toMatchObject({
      status: { state: COMPLETED },
    });
    expect(host.openLogs).toBe(0);
  });

  test('[I3] that waits when its instance stops gets an error to retry', async () => {
    handler = handlerWith({ onOrphan: 'resume' });
    host.execute = never;
    const refused = expect(handler.sendMessage(request('m1'), contextOf())).rejects.toMatchObject({
      statusCode: 503,
      status: 14,
    });
    await flush();
    const stopped = host.member.instance.stop(0);
    await host.fleet.clock.advance(10_000);
    await stopped;
    await refused;
  });
});

describe('a task', () => {
  test('is read with its generation for clients that know it', async () => {
    await taskIn(COMPLETED);
    const known = await handler.getTask(of(), withExtension());
    expect(known.metadata).toEqual({ [GENERATION_KEY]: 2 });
    expect((await handler.getTask(of(), contextOf())).metadata).toBeUndefined();
    const listed = await handler.listTasks(
      { ...ListTasksRequest.fromJSON({}), status: TaskState.TASK_STATE_UNSPECIFIED },
      withExtension(),
    );
    expect(listed.tasks).toMatchObject([{ id: KEY.taskId, metadata: { [GENERATION_KEY]: 2 } }]);
  });

  test.each(['getTask', 'cancelTask'] as const)(
    '[I9] that does not exist is not found by %s',
    async (method) => {
      await expect(handler[method](canceling('missing'), contextOf())).rejects.toMatchObject({
        name: 'TaskNotFoundError',
      });
      await expect(handler[method](canceling(' '), contextOf())).rejects.toMatchObject({
        name: 'RequestMalformedError',
      });
    },
  );

  test('is canceled, and told with its generation', async () => {
    await taskIn(INPUT_REQUIRED);
    expect(await handler.cancelTask(canceling(), withExtension())).toMatchObject({
      status: { state: TaskState.TASK_STATE_CANCELED },
      metadata: { [GENERATION_KEY]: 3 },
    });
  });

  test('[I4] that has ended cannot be canceled', async () => {
    await taskIn(COMPLETED);
    await expect(handler.cancelTask(canceling(), contextOf())).rejects.toMatchObject({
      name: 'TaskNotCancelableError',
    });
  });

  test('[I6] whose cancel gets no answer is refused 15 s after the deadline', async () => {
    await taskIn(INPUT_REQUIRED);
    await flush();
    host.fleet.storage.onPut = never;
    const outcomes: unknown[] = [];
    void handler.cancelTask(canceling(), contextOf()).catch((error) => outcomes.push(error));
    await host.fleet.clock.advance(host.deps.cancelDeadlineMs + 14_999);
    expect(outcomes).toEqual([]);
    await host.fleet.clock.advance(1);
    expect(outcomes).toMatchObject([{ statusCode: 503 }]);
    host.fleet.storage.onPut = pass;
  });

  test('that cannot be read is an error without its cause', async () => {
    host.fleet.storage.onRead = () => Promise.reject(noAnswer());
    await expect(handler.getTask(of(), contextOf())).rejects.toThrow(
      'The server cannot take the request now. Try again.',
    );
  });
});

test('a stream activates the extension before its first event', () => {
  for (const open of [
    (context: ServerCallContext) => handler.sendMessageStream(request('m1'), context),
    (context: ServerCallContext) => handler.resubscribe(of(), context),
  ]) {
    const context = withExtension();
    open(context);
    expect(context.activatedExtensions).toEqual([RESUMABLE_STREAMS]);
    const without = contextOf();
    open(without);
    expect(without.activatedExtensions ?? []).toEqual([]);
  }
});

test('[I6] the run of a lost instance is executed again', async () => {
  const calls: unknown[] = [];
  host.execute = (bus, of) => {
    calls.push(of.userMessage.messageId);
    bus.say(of, taskOf(WORKING), statusOf(COMPLETED));
  };
  const recorded = '{"v":1,"outputModes":[],"extensions":[]}';
  const { run } = await begin(host.member, 'm1', KEY, recorded);
  const finish = (): Promise<void> => host.member.instance.intents.finish(run);
  const of = { message: message('m1'), contextId: 'context-1', digest: 'm1' };
  handler.resume({ run, ...of, recorded, finish });
  await flush();
  expect(calls).toEqual(['m1']);
  expect(await host.fleet.states()).toEqual([WORKING, COMPLETED]);
});
