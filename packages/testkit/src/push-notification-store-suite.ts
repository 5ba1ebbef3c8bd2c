import { TaskPushNotificationConfig } from '@a2a-js/sdk';
import type { PushNotificationStore } from '@a2a-js/sdk/server';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { callContext, STRANGERS } from './call-context.ts';

/**
 * The differences between push notification stores. The suite tests the declared behaviour. Each
 * default is the behaviour of the log's own store.
 */
export interface PushNotificationStoreCapabilities {
  /**
   * - `saved`: configs come in the order of their saves; one that is saved again is the last
   * - `none`: they come in any order
   * @default `saved`
   */
  readonly order?: 'saved' | 'none';
  /**
   * A deletion that names no config:
   * - `task`: means the one that is named like the task
   * - `refused`: fails
   * @default `task`
   */
  readonly unnamed?: 'task' | 'refused';
  /**
   * - `saved`: a config comes back as it was saved
   * - `scope`: its task and tenant are those that it is stored under
   * @default `saved`
   */
  readonly fields?: 'saved' | 'scope';
  /**
   * Ids that a database may not take for text, such as U+0000:
   * - `exact`: are kept as they are, or refused
   * - `mangled`: come back as other ids
   * @default `exact`
   */
  readonly ids?: 'exact' | 'mangled';
}

/** Data without any config, and how to get rid of them. */
export interface PushNotificationStoreUnderTest {
  /** The store as one more instance opens it on the same data. */
  open(): PushNotificationStore;
  dispose(): Promise<void>;
}

const IDS: readonly [string, string][] = [
  ['that looks like a key', 'config#%23/..'],
  ['of all planes', 'é 漢字 𝄞'],
  ['of blanks', ' '],
  ['that names a prototype', '__proto__'],
  ['of 512 bytes', 'x'.repeat(512)],
  ['of 2 KB', '#'.repeat(2_048)],
];

const configOf = (id: string, url = 'https://example.org/'): TaskPushNotificationConfig =>
  TaskPushNotificationConfig.fromJSON({ id, taskId: 'task-1', url, token: 'token' });

/**
 * The contract of the SDK's `PushNotificationStore`, `loadWithMetadata` included, as tests of
 * whatever `factory` makes. `capabilities` says where the store differs from the log's.
 */
export function pushNotificationStoreSuite(
  name: string,
  capabilities: PushNotificationStoreCapabilities,
  factory: () => Promise<PushNotificationStoreUnderTest>,
): void {
  const { order = 'saved', unnamed = 'task', fields = 'saved', ids = 'exact' } = capabilities;

  describe(`${name} as a PushNotificationStore`, () => {
    let subject: PushNotificationStoreUnderTest;

    beforeEach(async () => {
      subject = await factory();
    });

    afterEach(() => subject.dispose());

    const open = (): PushNotificationStore => subject.open();
    const idsOf = async (taskId = 'task-1', context = callContext()): Promise<string[]> =>
      (await open().load(taskId, context)).map(({ id }) => id);

    test('gives a saved config to every later request on every instance', async () => {
      expect(await open().load('task-1', callContext())).toEqual([]);
      expect(await open().loadWithMetadata?.('task-1', callContext())).toEqual([]);
      const config = {
        ...configOf('one', 'https://example.org/€?a=#b'),
        authentication: { scheme: 'Bearer', credentials: 'secret' },
      };
      await open().save('task-1', callContext(), config);
      expect(await open().load('task-1', callContext())).toEqual([config]);
    });

    test('has one config under an id: the last', async () => {
      for (const path of ['1', '2', '3']) {
        await open().save('task-1', callContext(), configOf('one', `https://example.org/${path}`));
      }
      expect(await open().load('task-1', callContext())).toEqual([
        configOf('one', 'https://example.org/3'),
      ]);
    });

    test('gives a config without an id one, in place', async () => {
      const configs = [configOf(''), configOf(''), configOf('own')];
      for (const config of configs) await open().save('task-1', callContext(), config);
      const given = configs.map(({ id }) => id);
      expect(new Set(given).size).toBe(3);
      expect(given).not.toContain('');
      expect(given[2]).toBe('own');
      expect((await idsOf()).sort()).toEqual(given.toSorted());
    });

    test('keeps every one of many that are saved at the same time', async () => {
      const given = Array.from({ length: 12 }, (_, n) => `config-${n}`);
      await Promise.all(given.map((id) => open().save('task-1', callContext(), configOf(id))));
      expect((await idsOf()).sort()).toEqual(given.sort());
    });

    const resaved = async (): Promise<string[]> => {
      for (const id of ['z', 'a', 'm', 'a', 'z']) {
        await open().save('task-1', callContext(), configOf(id));
        // Two saves in one millisecond have no order.
        for (const savedAt = Date.now(); Date.now() <= savedAt; ) {
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      }
      return idsOf();
    };
    if (order === 'saved') {
      test('gives them in the order of their saves: one saved again is the last', async () => {
        expect(await resaved()).toEqual(['m', 'a', 'z']);
      });
    } else {
      test('gives each of them once, in any order', async () => {
        expect((await resaved()).sort()).toEqual(['a', 'm', 'z']);
      });
    }

    test('returns the protocol version of each config, in the order of load', async () => {
      for (const version of ['1.0', '0.3']) {
        await open().save('task-1', callContext({ version }), configOf(`of ${version}`));
      }
      const stored = await open().loadWithMetadata?.('task-1', callContext());
      expect(stored?.map(({ config }) => config)).toEqual(
        await open().load('task-1', callContext()),
      );
      const versions = stored?.map(({ config, wireVersion }) => [config.id, wireVersion]).sort();
      expect(versions).toEqual([
        ['of 0.3', '0.3'],
        ['of 1.0', '1.0'],
      ]);
    });

    test('and gives copies', async () => {
      const store = open();
      const config = configOf('one');
      await store.save('task-1', callContext(), config);
      config.url = 'mine';
      for (const loaded of await store.load('task-1', callContext())) loaded.url = 'mine';
      const stored = await store.loadWithMetadata?.('task-1', callContext());
      for (const loaded of stored ?? []) loaded.config.url = 'mine';
      expect(await store.load('task-1', callContext())).toEqual([configOf('one')]);
    });

    test('deletes a config, twice, and a missing one', async () => {
      for (const id of ['one', 'two']) await open().save('task-1', callContext(), configOf(id));
      await open().delete('task-1', callContext(), 'one');
      await open().delete('task-1', callContext(), 'one');
      await open().delete('task-1', callContext(), 'three');
      await open().delete('task-2', callContext(), 'two');
      expect(await idsOf()).toEqual(['two']);
      await open().delete('task-1', callContext(), 'two');
      expect(await idsOf()).toEqual([]);
    });

    if (unnamed === 'task') {
      test('deletes the config that is named like its task if none is named', async () => {
        for (const id of ['one', 'task-1']) {
          await open().save('task-1', callContext(), configOf(id));
        }
        await open().delete('task-1', callContext());
        expect(await idsOf()).toEqual(['one']);
      });
    } else {
      test('deletes no config without its name', async () => {
        await open().save('task-1', callContext(), configOf('task-1'));
        await expect(open().delete('task-1', callContext())).rejects.toThrow();
        expect(await idsOf()).toEqual(['task-1']);
      });
    }

    test('[I9] keeps tasks, owners and tenants apart, whatever their names are', async () => {
      const tasks = ['task-1', 'task-1#config', 'task', 'task%2'];
      const named = (caller: number, task: string): string => `${caller} #% ${task}`;
      for (const [n, caller] of STRANGERS.entries()) {
        for (const task of tasks) {
          await open().save(task, callContext(caller), configOf(named(n, task)));
          await open().save(task, callContext(caller), configOf('shared'));
        }
      }
      await open().delete('task-1', callContext(STRANGERS[1]), 'shared');
      for (const [n, caller] of STRANGERS.entries()) {
        for (const task of tasks) {
          const deleted = n === 1 && task === 'task-1';
          const own = [named(n, task), ...(deleted ? [] : ['shared'])];
          expect((await idsOf(task, callContext(caller))).sort()).toEqual(own.sort());
        }
      }
    });

    const elsewhere = { ...configOf('one'), taskId: 'task-2', tenant: 'other' };
    test(`gives a config ${fields === 'saved' ? 'with the task and tenant that it says' : 'its own task and tenant'}`, async () => {
      await open().save('task-1', callContext({ tenant: 'tenant' }), elsewhere);
      const scope = fields === 'saved' ? {} : { taskId: 'task-1', tenant: 'tenant' };
      expect(await open().load('task-1', callContext({ tenant: 'tenant' }))).toEqual([
        { ...elsewhere, ...scope },
      ]);
    });

    /** The config is kept under its id, or refused before anything is written. */
    const keptOrRefused = async (id: string): Promise<void> => {
      await open().save('task-1', callContext(), configOf('neighbour'));
      const error = await open()
        .save('task-1', callContext(), configOf(id))
        .then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
      if (error !== undefined) expect(error).toHaveProperty('code');
      const kept = error === undefined ? [id] : [];
      expect((await idsOf()).sort()).toEqual(['neighbour', ...kept].sort());
      await open().delete('task-1', callContext(), id);
      expect(await idsOf()).toEqual(['neighbour']);
    };

    test.each(IDS)('takes an id %s, unless it refuses it', async (_, id) => {
      await keptOrRefused(id);
    });

    if (ids === 'exact') {
      test.each([
        ['of a control', '\u0000'],
        ['of half a character', '\ud800'],
      ])('takes an id %s as it is, unless it refuses it', async (_, id) => {
        await keptOrRefused(id);
      });
    } else {
      test('gives another id for one that its database does not take', async () => {
        await open().save('task-1', callContext(), configOf('\u0000'));
        expect(await idsOf()).not.toEqual(['\u0000']);
      });
    }
  });
}
