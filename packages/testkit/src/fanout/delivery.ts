import type { FleetKeySet } from '@a2a-aws/core';
import {
  checkSeal,
  decodeMessage,
  encodeDoorbell,
  FIRST_SLOT,
  sealer,
} from '@a2a-aws/core/internal';
import { beforeEach, describe, expect, test } from 'vitest';
import { Gate } from '../fakes/gate.ts';
import type { FanoutRig } from './fanout-rig.ts';

const FLEET: FleetKeySet = {
  fleet: 'fleet',
  keys: [{ id: 'key', secret: new Uint8Array(32), serial: 1 }],
};

/** A text with characters that some transports change. */
const UNUSUAL_TEXT =
  '{"a":"€ ü 漢字 \ufffd \u2028 \ue000 <b>&amp;</b> %23+ \\"\\u0000\\" \\n"}\r\n\t ';

/** Promises of a fan-out that delivers messages. */
export function delivery(current: () => FanoutRig): void {
  describe('delivering', () => {
    let rig: FanoutRig;

    beforeEach(() => {
      rig = current();
    });

    test('gives every instance an address of its own', async () => {
      const [a, b] = [
        await rig.fanout.provision(rig.fresh()),
        await rig.fanout.provision(rig.fresh()),
      ];
      expect(a).not.toEqual(b);
      expect(a?.queueUrl).not.toBe(b?.queueUrl);
    });

    test('delivers to instances by the ids that it made for them', async () => {
      const ids: string[] = [];
      for (const nonce of ['0123456789abcdef', '-s1-s1-s1-s1-s1-', 'zzzzzzzzzzzzzzzz']) {
        ids.push(rig.fanout.instanceId('a-s1', nonce, ids));
      }
      for (const id of ids) await rig.fanout.provision(id);
      const inboxes = ids.map((id) => rig.listen(id));
      await rig.fanout.publish(ids, 'for all three');
      await Promise.all(inboxes.map((inbox) => inbox.received('for all three')));
      for (const id of ids) await rig.fanout.teardown(id);
    });

    test('delivers every doorbell, alone or together with others', async () => {
      const instance = rig.fresh();
      await rig.fanout.provision(instance);
      const tasks = new Set<string>();
      const all = new Gate();
      rig.listen(instance, (message) => {
        const decoded = decodeMessage(message, (seal, text) => checkSeal(FLEET, seal, text));
        if (typeof decoded === 'string')
          throw new Error('The message is not the one that was sent.');
        for (const doorbell of decoded.doorbells)
          if (doorbell.kind === 'record') tasks.add(doorbell.key.taskId);
        if (tasks.size === 45) all.open();
      });
      const next = FIRST_SLOT;
      const seal = sealer(FLEET);
      if (!seal) throw new Error('There is no key.');
      const messages = Array.from({ length: 45 }, (_, n) =>
        encodeDoorbell(
          { kind: 'record', key: { tenant: 't', owner: 'o', taskId: `task-${n}` }, next },
          rig.fanout.maxBytes,
          seal,
        ),
      );
      await Promise.all(messages.map((message) => rig.fanout.publish([instance], message)));
      await all.opened;
      expect(rig.fanout.stats()).toMatchObject({ published: 45, publishFailed: 0, unreadable: 0 });
    });

    test('delivers a message to its targets only', async () => {
      const [a, b, c] = [rig.fresh(), rig.fresh(), rig.fresh()];
      for (const instance of [a, b, c]) await rig.fanout.provision(instance);
      const [atA, atB, atC] = [rig.listen(a), rig.listen(b), rig.listen(c)];
      await rig.fanout.publish([a, b], 'for a and b');
      await Promise.all([atA.received('for a and b'), atB.received('for a and b')]);
      await rig.fanout.publish([c], 'for c');
      await atC.received('for c');
      expect(new Set(atA.messages)).toEqual(new Set(['for a and b']));
      expect(new Set(atC.messages)).toEqual(new Set(['for c']));
    });

    test('does not confuse two instances whose names begin alike', async () => {
      const a = rig.fresh();
      const longer = `${a}-b`;
      await rig.fanout.provision(a);
      await rig.fanout.provision(longer);
      const [atA, atLonger] = [rig.listen(a), rig.listen(longer)];
      await rig.fanout.publish([longer], 'long');
      await atLonger.received('long');
      await rig.fanout.publish([a], 'short');
      await atA.received('short');
      expect(atA.messages).not.toContain('long');
      expect(atLonger.messages).not.toContain('short');
    });

    test('delivers each of many messages', async () => {
      const instance = rig.fresh();
      await rig.fanout.provision(instance);
      const inbox = rig.listen(instance);
      const messages = Array.from({ length: 45 }, (_, index) => `message ${index}`);
      await Promise.all(messages.map((message) => rig.fanout.publish([instance], message)));
      await Promise.all(messages.map((message) => inbox.received(message)));
      expect(new Set(inbox.messages)).toEqual(new Set(messages));
      expect(rig.fanout.stats()).toMatchObject({ published: 45, publishFailed: 0, unreadable: 0 });
      expect(rig.fanout.stats().received).toBeGreaterThanOrEqual(45);
    });

    test('does not change the text', async () => {
      const instance = rig.fresh();
      await rig.fanout.provision(instance);
      const inbox = rig.listen(instance);
      await rig.fanout.publish([instance], UNUSUAL_TEXT);
      await inbox.received(UNUSUAL_TEXT);
    });

    test('accepts a message of `maxBytes` bytes', async () => {
      const instance = rig.fresh();
      await rig.fanout.provision(instance);
      const inbox = rig.listen(instance);
      const bytes = Math.min(rig.fanout.maxBytes, 1024 * 1024);
      const message = '€'.repeat(bytes / 3) + 'x'.repeat(bytes % 3);
      expect(Buffer.byteLength(message)).toBe(bytes);
      await rig.fanout.publish([instance], message);
      await inbox.received(message);
    });

    test('continues after a message that its reader cannot read', async () => {
      const instance = rig.fresh();
      await rig.fanout.provision(instance);
      const inbox = rig.listen(instance, (message) => {
        if (message === 'poison') throw new Error('unreadable');
      });
      await rig.fanout.publish([instance], 'poison');
      await rig.fanout.publish([instance], 'food');
      await inbox.received('food');
      expect(inbox.messages).not.toContain('poison');
    });

    test('delivers no message to a closed receiver', async () => {
      const [a, b] = [rig.fresh(), rig.fresh()];
      await rig.fanout.provision(a);
      await rig.fanout.provision(b);
      const [atA, atB] = [rig.listen(a), rig.listen(b)];
      await rig.fanout.publish([a], 'before');
      await atA.received('before');
      await atA.receiver.close();
      await rig.fanout.publish([a, b], 'after');
      await atB.received('after');
      expect(atA.messages).not.toContain('after');
    });
    test.each(['*', ''])('delivers a message for %j to no instance', async (target) => {
      const a = rig.fresh();
      await rig.fanout.provision(a);
      const inbox = rig.listen(a);
      await rig.fanout.publish([target], 'for all');
      await rig.fanout.publish([a], 'for a');
      await inbox.received('for a');
      expect(inbox.messages).not.toContain('for all');
    });
  });
}
