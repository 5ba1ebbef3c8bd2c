import {
  type LogRecord,
  MemoryInstanceRegistry,
  type Slot,
  silentLogger,
  systemClock,
  systemEntropy,
  type TaskKey,
} from '@a2a-aws/core';
import {
  encode,
  encodeDoorbell,
  Keyring,
  nextSlot,
  recordBody,
  slotAt,
} from '@a2a-aws/core/internal';
import { SnsFanout } from '@a2a-aws/sns-sqs';
import type { FakeClients } from '@a2a-aws/testkit/fakes';
import { FakeDeployment } from '../../fixtures/fake-deployment.ts';
import { chunk, words } from '../agent/payload.ts';

export const KEY: TaskKey = { tenant: '', owner: 'bench', taskId: 'task' };
const INSTANCE = 'B';

export interface FullQueue {
  readonly instance: string;
  readonly queueUrl: string;
  readonly fanout: SnsFanout;
  readonly keyring: Keyring;
  readonly clients: FakeClients;
}

/** Returns a queue of waiting doorbells, each with a record of one event of one task. */
export async function fullQueue(doorbells: number, textLength: number): Promise<FullQueue> {
  const { aws, topicArns } = new FakeDeployment('bench', { clock: systemClock });
  const clients = aws.clients(INSTANCE);
  const fanout = new SnsFanout({
    ...clients,
    topicArn: topicArns,
    prefix: 'a2a',
    clock: systemClock,
    entropy: systemEntropy,
    logger: silentLogger,
  });
  const { queueUrl } = await fanout.provision(INSTANCE);
  const keyring = new Keyring({
    registry: new MemoryInstanceRegistry(),
    clock: systemClock,
    entropy: systemEntropy,
    logger: silentLogger,
    signal: new AbortController().signal,
  });
  await keyring.read();
  const { seal } = keyring;
  if (!seal) throw new Error('There are no keys.');
  let slot: Slot = slotAt(1);
  for (let at = 0; at < doorbells; at += 1) {
    const record = recordAt(slot, at, textLength);
    slot = nextSlot(slot, 1);
    const doorbell = { kind: 'record', key: KEY, next: slot, record } as const;
    const message = encodeDoorbell(doorbell, fanout.maxBytes, seal);
    await fanout.publish([INSTANCE], message, KEY.taskId);
  }
  return { instance: INSTANCE, queueUrl, fanout, keyring, clients };
}

function recordAt(slot: Slot, at: number, textLength: number): LogRecord {
  const { taskId } = KEY;
  const event = encode({
    kind: 'event',
    event:
      at === 0
        ? {
            kind: 'task',
            data: {
              id: taskId,
              contextId: 'context',
              status: undefined,
              artifacts: [],
              history: [],
              metadata: undefined,
            },
          }
        : { kind: 'artifactUpdate', data: chunk(taskId, 'context', words(textLength, at), at > 1) },
  });
  return {
    id: `record-${at}`,
    instance: 'A',
    time: Date.now(),
    slot,
    entries: [event.entry],
    body: recordBody([event]),
  };
}
