import { ServerCallContext } from '@a2a-js/sdk/server';
import { describe, expect, test } from 'vitest';
import { callContext, STRANGERS } from '../call-context.ts';
import { COMPLETED, idsOf, listRequest, messageOf, taskOf } from './sample-tasks.ts';
import type { TaskStoreTests } from './task-store-under-test.ts';

/** The owners of tasks. */
export function scopes({ open }: TaskStoreTests): void {
  describe('an owner in a tenant', () => {
    test('[I9] has tasks that no other sees, lists, changes or takes the id of', async () => {
      const store = open();
      const own = (n: number) => ({ ...taskOf('task-1'), history: [messageOf(`of ${n}`)] });
      for (const [n, caller] of STRANGERS.entries()) {
        expect(await store.load('task-1', callContext(caller))).toBeUndefined();
        expect((await store.list(listRequest(), callContext(caller))).totalSize).toBe(0);
        await store.save(own(n), callContext(caller));
      }
      for (const [n, caller] of STRANGERS.entries()) {
        expect(await store.load('task-1', callContext(caller))).toEqual(own(n));
        for (const fields of [{}, { contextId: 'context-1' }]) {
          const page = await store.list(listRequest(fields), callContext(caller));
          expect([page.tasks, page.totalSize]).toEqual([[own(n)], 1]);
        }
      }
    });

    test('[I9] is read from the context of the call, not from the request', async () => {
      await open().save(taskOf('task-1'), callContext({ tenant: 'tenant' }));
      const request = listRequest({ tenant: 'tenant' });
      expect((await open().list(request, callContext())).tasks).toEqual([]);
      expect(idsOf(await open().list(request, callContext({ tenant: 'tenant' })))).toEqual([
        'task-1',
      ]);
    });

    test('without a tenant is the one of the tenant without a name', async () => {
      await open().save(taskOf('task-1'), callContext());
      expect(await open().load('task-1', callContext({ tenant: '' }))).toEqual(taskOf('task-1'));
    });

    test('without authentication is one for all of them', async () => {
      const anonymous = (): ServerCallContext => new ServerCallContext();
      await open().save(taskOf('task-1', COMPLETED), anonymous());
      expect(await open().load('task-1', anonymous())).toEqual(taskOf('task-1', COMPLETED));
      expect(await open().load('task-1', callContext())).toBeUndefined();
    });
  });
}
