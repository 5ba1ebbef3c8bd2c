import { flush, seededEntropy, TestClock } from '@a2a-aws/testkit/fakes';
import { ListTasksRequest, type Task } from '@a2a-js/sdk';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { proposeCancel } from '../../src/model/proposal.ts';
import { MAX_ENTRY_BYTES } from '../../src/model/record.ts';
import { DEFAULT_RETENTION_MS } from '../../src/model/retention.ts';
import { silentLogger } from '../../src/ports/logger.ts';
import { type Imported, importTask } from '../../src/stores/task-import.ts';
import { authorOf, say, startRun } from '../fixtures/author.ts';
import {
  COMPLETED,
  chunkOf,
  FAILED,
  INPUT_REQUIRED,
  KEY,
  message,
  taskOf,
  WORKING,
} from '../fixtures/events.ts';
import { snapshotOf } from '../fixtures/snapshots.ts';
import { taskLog } from '../fixtures/task-logs.ts';
import { contextOf, storeOn } from '../fixtures/task-stores.ts';
import { doneUnanswered, type Hook, lost, WrappedStorage } from '../fixtures/wrapped-storage.ts';

// Megabytes: a machine under load may take its time.
vi.setConfig({ testTimeout: 60_000 });

const LIST = ListTasksRequest.fromJSON({});

let clock: TestClock;
let storage: WrappedStorage;
let seed = 0;

beforeEach(() => {
  clock = new TestClock();
  storage = new WrappedStorage();
});

const taskWith = (state: typeof WORKING, fields: Partial<Task> = {}): Task =>
  taskOf(state, { history: [message('m1')], ...fields }).data as Task;

const bring = (task: Task, before?: () => Promise<void>): Promise<Imported> => {
  const entropy = seededEntropy(`import-${seed++}`);
  const deps = { storage, clock, entropy, logger: silentLogger };
  return importTask(KEY, task, { ...deps, retentionMs: DEFAULT_RETENTION_MS }, before);
};

const load = (): Promise<Task | undefined> => storeOn(storage, clock).load(KEY.taskId, contextOf());

/** The process ends with this call. */
const dies: Hook = () => new Promise(() => {});
const diesAfter: Hook = async (call) => {
  await call();
  return new Promise(() => {});
};

describe('the import of a task', () => {
  test.each([WORKING, INPUT_REQUIRED, COMPLETED])(
    'copies it as it is, and adds nothing when it is repeated: state %s',
    async (state) => {
      const task = taskWith(state, { metadata: { a: 1 } });
      expect(await bring(task)).toBe('imported');
      expect(await load()).toEqual(task);
      const records = await storage.ids(KEY);
      expect(await bring(task)).toBe('unchanged');
      expect(await storage.ids(KEY)).toEqual(records);
    },
  );

  test('adds the later entries of the source', async () => {
    await bring(taskWith(WORKING));
    const artifacts = [
      {
        artifactId: 'a',
        name: '',
        description: '',
        parts: [],
        metadata: undefined,
        extensions: [],
      },
    ];
    const later = taskWith(COMPLETED, { history: [message('m1'), message('m2')], artifacts });
    expect(await bring(later)).toBe('imported');
    expect(await load()).toEqual(later);
    expect(await bring(later)).toBe('unchanged');
  });

  test.each<[string, () => Promise<unknown>]>([
    [
      'saved by a server',
      async () => {
        const context = contextOf();
        const store = storeOn(storage, clock);
        const task = await store.load(KEY.taskId, context);
        const newer = taskWith(INPUT_REQUIRED, { metadata: { newer: true } });
        if (task) await store.save({ ...newer, history: task.history }, context);
      },
    ],
    [
      'worked on by an instance',
      async () => {
        const log = taskLog(storage, clock);
        await log.refresh();
        await startRun(log, 'r');
        await say(log, 'r', chunkOf('newer', 'x'));
      },
    ],
    [
      'canceled',
      async () => {
        const log = taskLog(storage, clock);
        await log.refresh();
        await log.append(proposeCancel(authorOf('a'), 'r'));
      },
    ],
    ['deleted', () => storeOn(storage, clock).delete(KEY.taskId, contextOf())],
    ['forgotten', () => clock.advance(DEFAULT_RETENTION_MS + 1)],
    [
      'put into a snapshot',
      async () => {
        const log = taskLog(storage, clock);
        await log.refresh();
        const snapshot = { id: 's', slot: log.state.next, text: snapshotOf(log) };
        await storage.putSnapshot(KEY, snapshot, clock.now());
      },
    ],
  ])('leaves a task alone that was %s since', async (_, happen) => {
    await bring(taskWith(WORKING));
    await happen();
    const before = [await load(), await storage.ids(KEY)];
    expect(await bring(taskWith(COMPLETED))).toBe('kept');
    expect([await load(), await storage.ids(KEY)]).toEqual(before);
  });

  test('leaves a task alone that was here before it', async () => {
    await storeOn(storage, clock).save(taskWith(INPUT_REQUIRED), contextOf());
    expect(await bring(taskWith(COMPLETED))).toBe('kept');
    expect(await load()).toEqual(taskWith(INPUT_REQUIRED));
  });

  test('[I4] neither ends nor reopens a task that has ended', async () => {
    await bring(taskWith(COMPLETED));
    for (const state of [WORKING, FAILED]) expect(await bring(taskWith(state))).toBe('kept');
    expect(await load()).toEqual(taskWith(COMPLETED));
  });

  test('[I1] and a server that is first by a hair: the import yields', async () => {
    storage.script.push(async (call) => {
      const store = storeOn(storage.memory, clock);
      await store.save(taskWith(INPUT_REQUIRED), contextOf());
      return call();
    });
    expect(await bring(taskWith(COMPLETED))).toBe('kept');
    expect(await load()).toEqual(taskWith(INPUT_REQUIRED));
  });

  test('[I1] by several at once brings it once', async () => {
    const task = taskWith(COMPLETED);
    const outcomes = await Promise.all([bring(task), bring(task), bring(task)]);
    expect(outcomes.filter((outcome) => outcome === 'imported')).toHaveLength(1);
    expect(await storage.records(KEY)).toHaveLength(1);
    expect(await load()).toEqual(task);
    // Also its new content: a chunk is not appended twice.
    const artifact = (...texts: string[]): Task['artifacts'][0] => ({
      artifactId: 'a',
      name: '',
      description: '',
      parts: texts.map((value) => ({
        content: { $case: 'text', value },
        metadata: undefined,
        filename: '',
        mediaType: '',
      })),
      metadata: undefined,
      extensions: [],
    });
    storage = new WrappedStorage();
    await bring(taskWith(WORKING, { artifacts: [artifact('1')] }));
    const later = taskWith(WORKING, { artifacts: [artifact('1', '2')] });
    await Promise.all([bring(later), bring(later), bring(later)]);
    expect(await load()).toEqual(later);
  });

  test('[I1] without an answer is repeated until there is one', async () => {
    storage.script.push(doneUnanswered, lost);
    const imported = bring(taskWith(COMPLETED));
    await clock.advance(10_000);
    expect(await imported).toBe('imported');
    expect(await storage.records(KEY)).toHaveLength(1);
  });

  test('[I6] ends if no call is answered', async () => {
    storage.onPut = lost;
    const imported = bring(taskWith(COMPLETED));
    const failed = expect(imported).rejects.toMatchObject({ code: 'unreachable' });
    await clock.advance(120_000);
    await failed;
  });

  test.each([
    ['before', dies],
    ['after', diesAfter],
  ])('goes on where one was cut short %s any write', async (_, death) => {
    const large = 'x'.repeat(MAX_ENTRY_BYTES / 2);
    const history = ['m1', 'm2', 'm3'].map((id) => message(id, large));
    const task = taskWith(COMPLETED, { history });
    const configs: string[] = [];
    const before = async (): Promise<void> => {
      configs.push('saved');
    };
    for (let at = 0, cut = true; cut; at += 1) {
      storage = new WrappedStorage();
      let calls = 0;
      const hook: Hook = (call) => (calls++ === at ? death(call) : call());
      storage.onPut = hook;
      storage.onHead = hook;
      void bring(task, before);
      await flush();
      cut = calls > at;
      storage.onPut = (call) => call();
      storage.onHead = (call) => call();
      await bring(task, before);
      expect(JSON.stringify(await load()) === JSON.stringify(task)).toBe(true);
      const listed = await storeOn(storage, clock).list(LIST, contextOf());
      expect(listed.tasks.map(({ status }) => status?.state)).toEqual([COMPLETED]);
      if (at > 20) throw new Error('An import makes so many calls?');
    }
    expect(configs.length).toBeGreaterThan(0);
  });

  test.each([
    ['an id that no key can hold', { id: '' }],
    ['what JSON cannot hold', { metadata: { a: Number.NaN } }],
  ])('fails with a code for %s, and writes nothing', async (_, fields) => {
    const task = { ...taskWith(WORKING), ...fields };
    const deps = { storage, clock, entropy: seededEntropy('import'), logger: silentLogger };
    const imported = importTask({ ...KEY, taskId: task.id }, task, {
      ...deps,
      retentionMs: DEFAULT_RETENTION_MS,
    });
    await expect(imported).rejects.toMatchObject({ code: expect.stringMatching(/^invalid-/) });
    expect(storage.puts).toEqual([]);
  });
});
