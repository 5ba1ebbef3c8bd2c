import { ListTasksRequest, Task, TaskPushNotificationConfig, TaskState } from '@a2a-js/sdk';
import { RequestMalformedError } from '@a2a-js/sdk/errors';
import type { ServerCallContext } from '@a2a-js/sdk/server';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { hostileId } from './fixtures/hostile-values.ts';
import {
  type AgentStores,
  embeddedTable,
  memoryTable,
  refusal,
  requestOf,
  type StoreTable,
} from './fixtures/store-table.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const names = fc.array(hostileId, { minLength: 2, maxLength: 2 });
const pool = fc.record({
  tenants: names,
  owners: names,
  tasks: names,
  contexts: names,
  configs: names,
});
type Pool = typeof pool extends fc.Arbitrary<infer T> ? T : never;

const step = fc.record({
  does: fc.constantFrom('save', 'save', 'save', 'delete', 'configure', 'configure', 'drop'),
  tenant: fc.nat(1),
  owner: fc.nat(1),
  task: fc.nat(1),
  context: fc.nat(1),
  config: fc.nat(1),
  /** The jump of the clock meanwhile, forwards or back: at most half a day. */
  passes: fc.integer({ min: -43_200_000, max: 43_200_000 }),
});
type AppliedRecord = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** The model that a store must be equal to: maps whose keys are tuples, compared as such. */
class Model {
  readonly tasks = new Map<string, Task>();
  readonly deleted = new Set<string>();
  readonly configs = new Map<string, Map<string, string>>();

  configsOf(key: string): Map<string, string> {
    const known = this.configs.get(key) ?? new Map<string, string>();
    this.configs.set(key, known);
    return known;
  }
}

const keyOf = (...parts: readonly string[]): string => JSON.stringify(parts);

describe.each([
  ['in memory', memoryTable, 2_500],
  ['on the embedded AWS', embeddedTable, 150],
] as const)('hostile ids %s', (_, open, numRuns) => {
  let table: StoreTable;

  beforeAll(async () => {
    table = await open();
  });
  afterAll(() => table.stop());

  test('[I9] never collide, and give no access to another tenant, owner, task or context', async () => {
    await fc.assert(
      fc.asyncProperty(pool, fc.array(step, { maxLength: 10 }), async (named, steps) => {
        // Is also set back, which no virtual clock is.
        let now = Date.parse('2026-01-01T00:00:00Z');
        const agent = table.agent({ now: () => now, after: () => () => {} });
        const model = new Model();
        for (const [n, one] of steps.entries()) {
          now = Date.parse('2026-01-01T00:00:00Z') + one.passes;
          await play(one, `step-${n}`, named, agent, model);
        }
        await expectEqual(named, agent, model);
      }),
      { numRuns },
    );
  });
});

async function play(
  { does, ...at }: AppliedRecord,
  mark: string,
  named: Pool,
  { tasks, configs, sharesTable }: AgentStores,
  model: Model,
): Promise<void> {
  const [tenant = '', owner = ''] = [named.tenants[at.tenant], named.owners[at.owner]];
  const [id = '', contextId = ''] = [named.tasks[at.task], named.contexts[at.context]];
  const configId = named.configs[at.config] ?? '';
  const key = keyOf(tenant, owner, id);
  const context = requestOf(tenant, owner);
  if (does === 'save') {
    const task = taskOf(id, contextId, mark);
    if (await refusal(tasks.save(task, context))) return;
    if (!model.deleted.has(key)) model.tasks.set(key, task);
  } else if (does === 'delete') {
    if (await refusal(tasks.delete(id, context))) return;
    if (!model.tasks.delete(key) && !model.deleted.has(key)) return;
    model.deleted.add(key);
    if (sharesTable) model.configs.delete(key);
  } else if (does === 'configure') {
    const config = TaskPushNotificationConfig.fromJSON({ id: configId, taskId: id, url: mark });
    if (await refusal(configs.save(id, context, config))) return;
    expect(config.id === configId || configId === '').toBe(true);
    model.configsOf(key).set(config.id, mark);
  } else if (!(await refusal(configs.delete(id, context, configId)))) {
    model.configsOf(key).delete(configId);
  }
}

async function expectEqual(named: Pool, stores: AgentStores, model: Model): Promise<void> {
  for (const tenant of new Set(named.tenants)) {
    for (const owner of new Set(named.owners)) {
      const request = () => requestOf(tenant, owner);
      const ids = [...new Set(named.tasks)];
      const tasks = ids.flatMap((id) => model.tasks.get(keyOf(tenant, owner, id)) ?? []);
      for (const contextId of new Set(['', ...named.contexts])) {
        const own = tasks.filter((task) => contextId === '' || task.contextId === contextId);
        await expectListed(own, contextId, stores, request);
      }
      for (const id of ids) {
        const key = keyOf(tenant, owner, id);
        const loaded = stores.tasks.load(id, request());
        expect((await refusal(loaded)) ? undefined : await loaded).toEqual(model.tasks.get(key));
        const found = stores.configs.load(id, request());
        const configs = (await refusal(found)) ? [] : await found;
        const urls = Object.fromEntries(configs.map((config) => [config.id, config.url]));
        expect(urls).toEqual(Object.fromEntries(model.configsOf(key)));
      }
    }
  }
}

/** A list, page by page, has these tasks and no others; its tokens are good for no other list. */
async function expectListed(
  own: readonly Task[],
  contextId: string,
  { tasks }: AgentStores,
  request: () => ServerCallContext,
): Promise<void> {
  const asked = { ...ListTasksRequest.fromJSON({ pageSize: 2 }), contextId };
  const listed: Task[] = [];
  let pageToken = '';
  do {
    const page = tasks.list({ ...asked, pageToken }, request());
    if (await refusal(page)) break;
    const { tasks: shown, nextPageToken, totalSize } = await page;
    expect(totalSize).toBe(own.length);
    listed.push(...shown);
    pageToken = nextPageToken;
    for (const other of pageToken ? [requestOf('other', 'owner'), requestOf('', '')] : []) {
      const stolen = tasks.list({ ...asked, pageToken }, other);
      await expect(stolen).rejects.toBeInstanceOf(RequestMalformedError);
    }
  } while (pageToken);
  const byId = (some: readonly Task[]): Task[] => some.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  expect(byId(listed)).toEqual(byId(own));
}

function taskOf(id: string, contextId: string, mark: string): Task {
  return {
    ...Task.fromJSON({ metadata: { mark } }),
    id,
    contextId,
    status: { state: TaskState.TASK_STATE_WORKING, message: undefined, timestamp: undefined },
  };
}
