import type { Fanout, FanoutAddress, FanoutReceiver, FleetKeySet } from '@a2a-aws/core';
import {
  checkSeal,
  decodeMessage,
  encodeDoorbell,
  FIRST_SLOT,
  sealer,
} from '@a2a-aws/core/internal';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

/** Promises of an implementation beyond the port; the suite tests what is declared. */
export interface FanoutCapabilities {
  /** False if nothing is ever delivered (readers look for themselves). */
  readonly delivers: boolean;
  /** The parts that may be deleted under an instance, and are made again. @default none */
  readonly loses?: readonly FanoutPart[];
  /** True if a service that may be down stands behind it. @default false */
  readonly hasOutages?: boolean;
}

/** The endpoint of an instance: its queue, and the subscription that fills it. */
export type FanoutPart = 'queue' | 'subscription';

/** A fan-out with nothing provisioned, and how to get rid of it. */
export interface FanoutUnderTest {
  readonly fanout: Fanout;
  /** Deletes a part of what `instance` is heard at, as a stranger would. Needed if it `loses` any. */
  lose?(part: FanoutPart, instance: string, address: FanoutAddress): Promise<void>;
  /**
   * Another member of the same fleet; `addressOf` is what leases say. Needed if it `loses` queues.
   */
  peer?(addressOf: (instance: string) => Promise<FanoutAddress | undefined>): Fanout;
  /** Begins an outage of all services, or ends it. Needed if it `hasOutages`. */
  setDown?(isDown: boolean): void;
  dispose(): Promise<void>;
}

interface Inbox {
  readonly messages: string[];
  readonly receiver: FanoutReceiver;
  /** Resolves once `message` was heard here. */
  heard(message: string): Promise<void>;
}

const FLEET: FleetKeySet = {
  fleet: 'fleet',
  keys: [{ id: 'key', secret: new Uint8Array(32), serial: 1 }],
};

const WHAT_TEXT_MAY_HOLD =
  '{"a":"€ ü 漢字 \ufffd \u2028 \ue000 <b>&amp;</b> %23+ \\"\\u0000\\" \\n"}\r\n\t ';

/** The laws of the {@link Fanout} port, as tests of whatever `factory` makes. */
export function fanoutSuite(
  name: string,
  capabilities: FanoutCapabilities,
  factory: () => Promise<FanoutUnderTest>,
): void {
  describe(`${name} as a Fanout`, () => {
    let subject: FanoutUnderTest;
    let fanout: Fanout;
    let receivers: FanoutReceiver[];
    let count = 0;
    /** An instance's name is never used twice. */
    const fresh = (): string => `instance-${count++}`;

    beforeEach(async () => {
      subject = await factory();
      fanout = subject.fanout;
      receivers = [];
    });

    afterEach(async () => {
      await Promise.all(receivers.map((receiver) => receiver.close()));
      await subject.dispose();
    });

    const listen = (instance: string, onMessage?: (message: string) => void): Inbox => {
      const messages: string[] = [];
      const waiting = new Map<string, () => void>();
      const receiver = fanout.receive(instance, (message) => {
        onMessage?.(message);
        messages.push(message);
        waiting.get(message)?.();
      });
      receivers.push(receiver);
      const heard = (message: string): Promise<void> =>
        messages.includes(message)
          ? Promise.resolve()
          : new Promise((resolve) => waiting.set(message, resolve));
      return { messages, receiver, heard };
    };

    const provisioned = async (instance: string, queue?: string): Promise<FanoutAddress> => {
      const address = await fanout.provision(instance, queue);
      if (!address) throw new Error('The instance is not to be heard.');
      return address;
    };

    const lose = async (part: FanoutPart, instance: string, at: FanoutAddress): Promise<void> => {
      if (!subject.lose) throw new Error('A part that is declared to be lost must be lost.');
      await subject.lose(part, instance, at);
    };

    const losingQueues = (): void => {
      test('tells of a queue that was deleted, and gets another', async () => {
        const instance = fresh();
        const first = await provisioned(instance);
        const before = listen(instance);
        await fanout.publish([instance], 'before');
        await before.heard('before');
        expect(before.receiver.lost).toBeFalsy();
        await lose('queue', instance, first);
        await vi.waitFor(() => expect(before.receiver.lost).toBe(true), 10_000);
        expect(before.receiver.healthy).toBe(false);

        const second = await provisioned(instance, `${first.queueName}-r1`);
        expect(second.queueName).not.toBe(first.queueName);
        await fanout.teardown(instance, first);
        const after = listen(instance);
        await fanout.publish([instance], 'after');
        await after.heard('after');
        expect(after.receiver.lost).toBeFalsy();
        await fanout.teardown(instance, { ...second, former: [first] });
      });

      test('[I6] lets others find a queue that has moved', async () => {
        const addresses = new Map<string, FanoutAddress>();
        const sender = subject.peer?.(async (instance) => addresses.get(instance));
        if (!sender) throw new Error('A peer must be given.');
        const instance = fresh();
        const first = await provisioned(instance);
        addresses.set(instance, first);
        const before = listen(instance);
        await sender.publish([instance], 'before');
        await before.heard('before');

        await lose('queue', instance, first);
        await vi.waitFor(() => expect(before.receiver.lost).toBe(true), 10_000);
        addresses.set(instance, await provisioned(instance, `${first.queueName}-r1`));
        const after = listen(instance);
        await sender.publish([instance], 'after');
        await after.heard('after');
      });
    };

    const losingSubscriptions = (): void => {
      test('finds out that a subscription was deleted, and makes it again', async () => {
        const instance = fresh();
        const address = await provisioned(instance);
        expect(await fanout.confirm?.(instance, address)).toBe(true);
        await lose('subscription', instance, address);
        expect(await fanout.confirm?.(instance, address)).toBe(false);

        const again = await provisioned(instance);
        expect(again.queueName).toBe(address.queueName);
        expect(await fanout.confirm?.(instance, again)).toBe(true);
        const inbox = listen(instance);
        await fanout.publish([instance], 'again');
        await inbox.heard('again');
      });
    };

    const outages = (): void => {
      test('provisions after an outage what it could not make in it', async () => {
        const instance = fresh();
        subject.setDown?.(true);
        await expect(fanout.provision(instance)).rejects.toMatchObject({ code: 'unreachable' });
        expect(await fanout.publish([instance], 'during')).toBe(false);
        subject.setDown?.(false);
        const address = await provisioned(instance);
        expect(await provisioned(instance)).toEqual(address);
        const inbox = listen(instance);
        await fanout.publish([instance], 'after');
        await inbox.heard('after');
      });
    };

    test('finds what all instances share', async () => {
      await expect(fanout.check()).resolves.toBeUndefined();
    });

    test('provisions one address, however often it is asked', async () => {
      const instance = fresh();
      const first = await fanout.provision(instance);
      expect(await fanout.provision(instance)).toEqual(first);
      const both = await Promise.all([fanout.provision(instance), fanout.provision(instance)]);
      expect(both).toEqual([first, first]);
    });

    test('says whether it rings', () => {
      expect(fanout.delivers).toBe(capabilities.delivers);
    });

    test('makes ids that begin with the name, are told apart by the nonce, and fit anywhere', () => {
      const living: string[] = [];
      for (const nonce of ['0123456789abcdef', '-_-_-_-_-_-_-_-_', 'zzzzzzzzzzzzzzzz']) {
        living.push(fanout.instanceId('a-name', nonce, living));
      }
      expect(new Set(living).size).toBe(3);
      for (const id of living) expect(id).toMatch(/^a-name[A-Za-z0-9_-]{16,40}$/);
    });

    test('tears down twice, by address and by name, and what never was', async () => {
      const [a, b] = [fresh(), fresh()];
      const address = await fanout.provision(a);
      await fanout.provision(b);
      await fanout.teardown(a, address);
      await fanout.teardown(a, address);
      await fanout.teardown(b);
      await fanout.teardown(b);
      await expect(fanout.teardown(fresh())).resolves.toBeUndefined();
    });

    test('never rejects a publish: not to unknown targets, to nobody, or after the teardown', async () => {
      const gone = fresh();
      await fanout.teardown(gone, await fanout.provision(gone));
      await expect(fanout.publish([fresh(), fresh()], 'x')).resolves.toBeTypeOf('boolean');
      await expect(fanout.publish([], 'x')).resolves.toBe(true);
      await expect(fanout.publish([gone], 'x')).resolves.toBeTypeOf('boolean');
    });

    test('closes a receiver, twice, with nothing to receive', async () => {
      const instance = fresh();
      await fanout.provision(instance);
      const { receiver } = listen(instance);
      await receiver.close();
      await expect(receiver.close()).resolves.toBeUndefined();
    });

    if (!capabilities.delivers) return;

    describe('delivering', () => {
      test('gives every instance an address of its own', async () => {
        const [a, b] = [await fanout.provision(fresh()), await fanout.provision(fresh())];
        expect(a).not.toEqual(b);
        expect(a?.queueUrl).not.toBe(b?.queueUrl);
      });

      test('finds instances by the ids that it made for them', async () => {
        const ids: string[] = [];
        for (const nonce of ['0123456789abcdef', '-s1-s1-s1-s1-s1-', 'zzzzzzzzzzzzzzzz']) {
          ids.push(fanout.instanceId('a-s1', nonce, ids));
        }
        for (const id of ids) await fanout.provision(id);
        const inboxes = ids.map((id) => listen(id));
        await fanout.publish(ids, 'for all three');
        await Promise.all(inboxes.map((inbox) => inbox.heard('for all three')));
        for (const id of ids) await fanout.teardown(id);
      });

      test('brings every doorbell, alone or together with others', async () => {
        const instance = fresh();
        await fanout.provision(instance);
        const tasks = new Set<string>();
        let done = (): void => {};
        const all = new Promise<void>((resolve) => {
          done = resolve;
        });
        listen(instance, (text) => {
          const heard = decodeMessage(text, (seal, bell) => checkSeal(FLEET, seal, bell));
          if (typeof heard === 'string') throw new Error('Not what was sent.');
          for (const bell of heard.doorbells)
            if (bell.kind === 'record') tasks.add(bell.key.taskId);
          if (tasks.size === 45) done();
        });
        const next = FIRST_SLOT;
        const seal = sealer(FLEET);
        if (!seal) throw new Error('There is no key.');
        const messages = Array.from({ length: 45 }, (_, n) =>
          encodeDoorbell(
            { kind: 'record', key: { tenant: 't', owner: 'o', taskId: `task-${n}` }, next },
            fanout.maxBytes,
            seal,
          ),
        );
        await Promise.all(messages.map((message) => fanout.publish([instance], message)));
        await all;
        expect(fanout.stats()).toMatchObject({ published: 45, publishFailed: 0, unreadable: 0 });
      });

      test('brings a message to its targets and to nobody else', async () => {
        const [a, b, c] = [fresh(), fresh(), fresh()];
        for (const instance of [a, b, c]) await fanout.provision(instance);
        const [atA, atB, atC] = [listen(a), listen(b), listen(c)];
        await fanout.publish([a, b], 'for a and b');
        await Promise.all([atA.heard('for a and b'), atB.heard('for a and b')]);
        await fanout.publish([c], 'for c');
        await atC.heard('for c');
        expect(new Set(atA.messages)).toEqual(new Set(['for a and b']));
        expect(new Set(atC.messages)).toEqual(new Set(['for c']));
      });

      test('keeps one instance out of another whose name begins alike', async () => {
        const a = fresh();
        const longer = `${a}-b`;
        await fanout.provision(a);
        await fanout.provision(longer);
        const [atA, atLonger] = [listen(a), listen(longer)];
        await fanout.publish([longer], 'long');
        await atLonger.heard('long');
        await fanout.publish([a], 'short');
        await atA.heard('short');
        expect(atA.messages).not.toContain('long');
        expect(atLonger.messages).not.toContain('short');
      });

      test('brings every one of many messages', async () => {
        const instance = fresh();
        await fanout.provision(instance);
        const inbox = listen(instance);
        const messages = Array.from({ length: 45 }, (_, index) => `message ${index}`);
        await Promise.all(messages.map((message) => fanout.publish([instance], message)));
        await Promise.all(messages.map((message) => inbox.heard(message)));
        expect(new Set(inbox.messages)).toEqual(new Set(messages));
        expect(fanout.stats()).toMatchObject({ published: 45, publishFailed: 0, unreadable: 0 });
        expect(fanout.stats().received).toBeGreaterThanOrEqual(45);
      });

      test('leaves the text as it is', async () => {
        const instance = fresh();
        await fanout.provision(instance);
        const inbox = listen(instance);
        await fanout.publish([instance], WHAT_TEXT_MAY_HOLD);
        await inbox.heard(WHAT_TEXT_MAY_HOLD);
      });

      test('takes a message of as many bytes as it says', async () => {
        const instance = fresh();
        await fanout.provision(instance);
        const inbox = listen(instance);
        const bytes = Math.min(fanout.maxBytes, 1024 * 1024);
        const message = '€'.repeat(bytes / 3) + 'x'.repeat(bytes % 3);
        expect(Buffer.byteLength(message)).toBe(bytes);
        await fanout.publish([instance], message);
        await inbox.heard(message);
      });

      test('goes on after a message that its reader cannot read', async () => {
        const instance = fresh();
        await fanout.provision(instance);
        const inbox = listen(instance, (message) => {
          if (message === 'poison') throw new Error('unreadable');
        });
        await fanout.publish([instance], 'poison');
        await fanout.publish([instance], 'food');
        await inbox.heard('food');
        expect(inbox.messages).not.toContain('poison');
      });

      test('hands nothing over after the close', async () => {
        const [a, b] = [fresh(), fresh()];
        await fanout.provision(a);
        await fanout.provision(b);
        const [atA, atB] = [listen(a), listen(b)];
        await fanout.publish([a], 'before');
        await atA.heard('before');
        await atA.receiver.close();
        await fanout.publish([a, b], 'after');
        await atB.heard('after');
        expect(atA.messages).not.toContain('after');
      });

      test('makes what an instance is heard at under the name that it is given', async () => {
        const instance = fresh();
        const name = `another-${instance}`;
        const address = await fanout.provision(instance, name);
        expect(address).toMatchObject({ queueName: name });
        expect(await fanout.provision(instance, name)).toEqual(address);
        const inbox = listen(instance);
        await fanout.publish([instance], 'at the other name');
        await inbox.heard('at the other name');
        await fanout.teardown(instance, address);
      });

      if (capabilities.loses?.includes('queue')) losingQueues();
      if (capabilities.loses?.includes('subscription')) losingSubscriptions();
      if (capabilities.hasOutages) outages();

      test.each(['*', ''])('brings what is sent to %j to nobody', async (target) => {
        const a = fresh();
        await fanout.provision(a);
        const inbox = listen(a);
        await fanout.publish([target], 'for all');
        await fanout.publish([a], 'for a');
        await inbox.heard('for a');
        expect(inbox.messages).not.toContain('for all');
      });
    });
  });
}
