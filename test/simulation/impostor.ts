import type { Entry, FleetKeySet, LogRecord, TaskKey } from '@a2a-aws/core';
import {
  type Doorbell,
  encode,
  encodeDoorbell,
  eventFromJson,
  newFleetKey,
  nextSlot,
  recordBody,
  sealer,
  unescapeKeyPart,
} from '@a2a-aws/core/internal';
import { seededEntropy } from '@a2a-aws/testkit/fakes';
import type { ExpectedTask } from './expected-task.ts';
import type { Fleet } from './fleet.ts';
import { PREFIX, TABLE } from './server.ts';
import { FORGED } from './table-watch.ts';

const STRANGER: FleetKeySet = {
  fleet: `arn:aws:dynamodb:us-east-1:000000000000:table/${TABLE}#${PREFIX}`,
  keys: [newFleetKey(seededEntropy('impostor'))],
};

/** A sender that can write to every queue, and read what others send. */
export class Impostor {
  readonly #fleet: Fleet;
  readonly #overheard: string[] = [];

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
    const { sqs } = fleet.aws;
    const deliver = sqs.deliver.bind(sqs);
    sqs.deliver = (arn, body) => {
      // Some messages are enough, and early ones are the likeliest to be outdated.
      if (this.#overheard.length < 200) this.#overheard.push(body);
      deliver(arn, body);
    };
  }

  /** Sends one random kind of message to all instances. */
  act(): void {
    const { random } = this.#fleet;
    const act = random.pick(['forge', 'forge', 'replay', 'garbage', 'canary']);
    if (act === 'forge') this.forge(STRANGER);
    else if (act === 'canary') this.ring(STRANGER);
    else if (act === 'garbage')
      this.#send(random.pick(['', '{"v":3}', '{"v":9}', '{"v":3,"bells":[\n\n]}']));
    else for (const text of this.#overheard.splice(0, 3)) this.#send(text);
  }

  /** Returns the fleet's keys, as a reader of its table gets them. */
  steal(): FleetKeySet | undefined {
    for (const item of this.#fleet.aws.dynamodb.items(TABLE)) {
      if (item.sk === 'doorbell-keys') {
        return { fleet: STRANGER.fleet, keys: item.keys as FleetKeySet['keys'] };
      }
    }
    return undefined;
  }

  /** Sends records of every task that were never written, and says that instances are gone. */
  forge(keys: FleetKeySet): void {
    const { watch, servers } = this.#fleet;
    for (const expected of watch.tasks.values()) {
      if (expected.sealed || !expected.hasTask) continue;
      const key = keyOf(expected);
      for (const record of forgeries(expected, key)) {
        this.#tell(keys, { kind: 'record', key, next: nextSlot(record.slot, 1), record });
      }
    }
    for (const server of servers) {
      const instance = server.instance();
      if (instance !== undefined) this.#tell(keys, { kind: 'gone', instance });
    }
  }

  /** Sends each instance a canary as if it came from the instance itself. */
  ring(keys: FleetKeySet): void {
    for (const { process, instance } of this.#fleet.servers) {
      const id = instance();
      if (id === undefined) continue;
      this.#tell(keys, { kind: 'canary', instance: id, at: process.clock.now() });
    }
  }

  #tell(keys: FleetKeySet, bell: Doorbell): void {
    const seal = sealer(keys);
    if (seal) this.#send(encodeDoorbell(bell, 1e6, seal));
  }

  #send(text: string): void {
    const { sqs } = this.#fleet.aws;
    for (const { arn } of sqs.queues.values()) sqs.deliver(arn, text);
  }
}

function keyOf({ name }: ExpectedTask): TaskKey {
  const [, , tenant = '', owner = '', taskId = ''] = name.split('#').map(unescapeKeyPart);
  return { tenant, owner, taskId };
}

/** Returns forged records for the end of a task's log. */
function forgeries(expected: ExpectedTask, { taskId }: TaskKey): LogRecord[] {
  const contextId = 'context-1';
  const artifact = { artifactId: 'forged', parts: [{ text: FORGED }] };
  const ended = { state: 'TASK_STATE_COMPLETED' };
  return [
    { artifactUpdate: { taskId, contextId, artifact } },
    { statusUpdate: { taskId, contextId, status: ended } },
  ].map((json, n) => {
    const entry: Entry = { kind: 'event', event: eventFromJson(json) };
    const encoded = encode(entry);
    return {
      id: `${FORGED} ${n}`,
      instance: 'impostor',
      time: 0,
      slot: expected.slot,
      entries: [encoded.entry],
      body: recordBody([encoded]),
    };
  });
}
