import type { FanoutAddress } from '@a2a-aws/core';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { FanoutRig } from './fanout-rig.ts';
import type { FanoutCapabilities } from './fanout-under-test.ts';

/** Repairs of an endpoint of which a part was deleted or could not be created. */
export function repairs(current: () => FanoutRig, { loses, hasOutages }: FanoutCapabilities): void {
  describe('repairing', () => {
    let rig: FanoutRig;

    beforeEach(() => {
      rig = current();
    });

    test('provisions a queue with the given name', async () => {
      const instance = rig.fresh();
      const name = `another-${instance}`;
      const address = await rig.fanout.provision(instance, name);
      expect(address).toMatchObject({ queueName: name });
      expect(await rig.fanout.provision(instance, name)).toEqual(address);
      const inbox = rig.listen(instance);
      await rig.fanout.publish([instance], 'at the other name');
      await inbox.received('at the other name');
      await rig.fanout.teardown(instance, address);
    });

    if (loses?.includes('queue')) {
      test('reports a deleted queue as lost, and provisions another', async () => {
        const instance = rig.fresh();
        const first = await rig.provisioned(instance);
        const before = rig.listen(instance);
        await rig.fanout.publish([instance], 'before');
        await before.received('before');
        expect(before.receiver.lost).toBeFalsy();
        await rig.lose('queue', instance, first);
        await vi.waitFor(() => expect(before.receiver.lost).toBe(true), 10_000);
        expect(before.receiver.healthy).toBe(false);

        const second = await rig.provisioned(instance, `${first.queueName}-r1`);
        expect(second.queueName).not.toBe(first.queueName);
        await rig.fanout.teardown(instance, first);
        const after = rig.listen(instance);
        await rig.fanout.publish([instance], 'after');
        await after.received('after');
        expect(after.receiver.lost).toBeFalsy();
        await rig.fanout.teardown(instance, { ...second, former: [first] });
      });

      test('[I6] lets other instances find the new queue', async () => {
        const addresses = new Map<string, FanoutAddress>();
        const sender = rig.subject.peer?.(async (instance) => addresses.get(instance));
        if (!sender) throw new Error('A peer must be given.');
        const instance = rig.fresh();
        const first = await rig.provisioned(instance);
        addresses.set(instance, first);
        const before = rig.listen(instance);
        await sender.publish([instance], 'before');
        await before.received('before');

        await rig.lose('queue', instance, first);
        await vi.waitFor(() => expect(before.receiver.lost).toBe(true), 10_000);
        addresses.set(instance, await rig.provisioned(instance, `${first.queueName}-r1`));
        const after = rig.listen(instance);
        await sender.publish([instance], 'after');
        await after.received('after');
      });
    }

    if (loses?.includes('subscription')) {
      test('notices a deleted subscription, and creates it again', async () => {
        const instance = rig.fresh();
        const address = await rig.provisioned(instance);
        expect(await rig.fanout.confirm?.(instance, address)).toBe(true);
        await rig.lose('subscription', instance, address);
        expect(await rig.fanout.confirm?.(instance, address)).toBe(false);

        const again = await rig.provisioned(instance);
        expect(again.queueName).toBe(address.queueName);
        expect(await rig.fanout.confirm?.(instance, again)).toBe(true);
        const inbox = rig.listen(instance);
        await rig.fanout.publish([instance], 'again');
        await inbox.received('again');
      });
    }

    if (hasOutages) {
      test('provisions after an outage that made provisioning fail', async () => {
        const instance = rig.fresh();
        rig.subject.setDown?.(true);
        await expect(rig.fanout.provision(instance)).rejects.toMatchObject({ code: 'unreachable' });
        expect(await rig.fanout.publish([instance], 'during')).toBe(false);
        rig.subject.setDown?.(false);
        const address = await rig.provisioned(instance);
        expect(await rig.provisioned(instance)).toEqual(address);
        const inbox = rig.listen(instance);
        await rig.fanout.publish([instance], 'after');
        await inbox.received('after');
      });
    }
  });
}
