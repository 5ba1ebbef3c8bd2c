import { beforeEach, describe, expect, test } from 'vitest';
import type { FanoutRig } from './fanout-rig.ts';
import type { FanoutCapabilities } from './fanout-under-test.ts';

/** Promises of every fan-out, also of one that delivers no message. */
export function provisioning(current: () => FanoutRig, capabilities: FanoutCapabilities): void {
  describe('provisioning', () => {
    let rig: FanoutRig;

    beforeEach(() => {
      rig = current();
    });

    test('finds the resources that all instances share', async () => {
      await expect(rig.fanout.check()).resolves.toBeUndefined();
    });

    test('provisions one address, however often it is called', async () => {
      const instance = rig.fresh();
      const first = await rig.fanout.provision(instance);
      expect(await rig.fanout.provision(instance)).toEqual(first);
      const both = await Promise.all([
        rig.fanout.provision(instance),
        rig.fanout.provision(instance),
      ]);
      expect(both).toEqual([first, first]);
    });

    test('declares whether it delivers', () => {
      expect(rig.fanout.delivers).toBe(capabilities.delivers);
    });

    test('makes ids that begin with the name, differ by the nonce, and fit into names of AWS', () => {
      const living: string[] = [];
      for (const nonce of ['0123456789abcdef', '-_-_-_-_-_-_-_-_', 'zzzzzzzzzzzzzzzz']) {
        living.push(rig.fanout.instanceId('a-name', nonce, living));
      }
      expect(new Set(living).size).toBe(3);
      for (const id of living) expect(id).toMatch(/^a-name[A-Za-z0-9_-]{16,40}$/);
    });

    test('tears down twice, by address and by name, and without an endpoint', async () => {
      const [a, b] = [rig.fresh(), rig.fresh()];
      const address = await rig.fanout.provision(a);
      await rig.fanout.provision(b);
      await rig.fanout.teardown(a, address);
      await rig.fanout.teardown(a, address);
      await rig.fanout.teardown(b);
      await rig.fanout.teardown(b);
      await expect(rig.fanout.teardown(rig.fresh())).resolves.toBeUndefined();
    });

    test('never rejects a publish: to unknown targets, to no target, after the teardown', async () => {
      const gone = rig.fresh();
      await rig.fanout.teardown(gone, await rig.fanout.provision(gone));
      await expect(rig.fanout.publish([rig.fresh(), rig.fresh()], 'x')).resolves.toBeTypeOf(
        'boolean',
      );
      await expect(rig.fanout.publish([], 'x')).resolves.toBe(true);
      await expect(rig.fanout.publish([gone], 'x')).resolves.toBeTypeOf('boolean');
    });

    test('closes a receiver twice, without messages', async () => {
      const instance = rig.fresh();
      await rig.fanout.provision(instance);
      const { receiver } = rig.listen(instance);
      await receiver.close();
      await expect(receiver.close()).resolves.toBeUndefined();
    });
  });
}
