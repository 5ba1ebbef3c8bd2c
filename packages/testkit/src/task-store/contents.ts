import { Task } from '@a2a-js/sdk';
import { describe, expect, test } from 'vitest';
import { callContext } from '../call-context.ts';
import { artifactOf, fullTask, listRequest, messageOf, taskOf, textPart } from './sample-tasks.ts';
import type { TaskStoreTests } from './task-store-under-test.ts';

const TEXTS: readonly [string, string][] = [
  ['empty', ''],
  ['of all planes', '€ 𝄞 ü 漢字 👩‍💻'],
  ['that looks like markup', '<b>&amp;</b> %23+ \\" \\u0000 \' -- ;'],
  ['with controls', '\u0000\u0001\u001f\u007f\u2028\u2029\n\t'],
  ['with half a character', 'a\ud800b\udfff'],
  ['that names a prototype', '__proto__'],
];

const IDS: readonly [string, string][] = [
  ['empty', ''],
  ['that looks like a key', 'T#tenant#owner%23'],
  ['that looks like a path', '../../task-1'],
  ['of all planes', 'é 漢字 𝄞'],
  ['with controls', '\u0001\n\u2028\u007f'],
  ['that names a prototype', '__proto__'],
  ['of 1 KB', 'x'.repeat(1_024)],
  ['of 3 KB', 'x'.repeat(3_072)],
  ['of 2 KB in four-byte characters', '𝄞'.repeat(512)],
];

const deep = (levels: number): unknown => (levels === 0 ? 'end' : { next: [deep(levels - 1)] });

/** The ids and contents that a store may be given. */
export function contents({ capabilities, open }: TaskStoreTests): void {
  /** The task is kept exactly as it is, or refused before anything is written. */
  const keptOrRefused = async (task: Task): Promise<'kept' | 'refused'> => {
    const user = `user-${callers++}`;
    const error = await open()
      .save(task, callContext({ user }))
      .then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
    const loaded = await open()
      .load(task.id, callContext({ user }))
      .catch(() => undefined);
    const { totalSize } = await open().list(listRequest(), callContext({ user }));
    if (error === undefined) {
      expect(loaded).toEqual(task);
      expect(totalSize).toBe(1);
      return 'kept';
    }
    expect(error).toBeInstanceOf(Error);
    expect(error).toHaveProperty('code');
    expect([loaded, totalSize]).toEqual([undefined, 0]);
    return 'refused';
  };
  let callers = 0;

  describe('a task', () => {
    test.each(TEXTS)('may have text %s anywhere', async (_, text) => {
      const task = {
        ...fullTask('task-1'),
        history: [messageOf(`id ${text}`, text)],
        artifacts: [{ ...artifactOf(`id ${text}`, text), name: text, description: text }],
        metadata: JSON.parse(JSON.stringify({ [text]: { [text]: [text] } })),
      };
      expect(await keptOrRefused(task)).toBe('kept');
    });

    test('may have any JSON for metadata and data', async () => {
      const values = [
        null,
        [],
        {},
        [[[]]],
        true,
        1e308,
        5e-324,
        2 ** 53 + 2,
        deep(12),
        JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":1},"":0}'),
      ];
      for (const value of values) {
        const part = { ...textPart(''), content: { $case: 'data' as const, value: { value } } };
        const task = {
          ...taskOf('task-1'),
          artifacts: [{ ...artifactOf('a'), parts: [part] }],
          metadata: { value },
        };
        expect(await keptOrRefused(task)).toBe('kept');
      }
      expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    });

    const values = [
      { value: Number.NaN },
      { value: Number.NEGATIVE_INFINITY },
      { value: [undefined] },
      { value: new Date(0) },
      { value: new Map([['a', 1]]) },
    ];
    if (capabilities.values === 'exact') {
      test('with content that is not JSON is kept as it is or refused, never changed', async () => {
        for (const metadata of values) {
          await keptOrRefused({ ...taskOf('task-1'), metadata });
          const part = { ...textPart(''), content: { $case: 'data' as const, value: metadata } };
          const artifacts = [{ ...artifactOf('a'), parts: [part] }];
          await keptOrRefused({ ...taskOf('task-1'), artifacts });
        }
      });
    } else {
      test('has the JSON form of content that is not JSON', async () => {
        for (const [n, metadata] of values.entries()) {
          await open().save({ ...taskOf(`task-${n}`), metadata }, callContext());
          const task = await open().load(`task-${n}`, callContext());
          expect(task?.metadata).toEqual(JSON.parse(JSON.stringify(metadata)));
        }
      });
    }

    test('may be of megabytes', async () => {
      const text = 'x€'.repeat(700_000);
      const task = { ...taskOf('task-1'), artifacts: [artifactOf('a', text)] };
      await open().save(task, callContext());
      const content = (await open().load('task-1', callContext()))?.artifacts[0]?.parts[0]?.content;
      // Not the texts themselves: a failure would print megabytes.
      expect(content?.value === text).toBe(true);
    });

    test('may be nested more deeply than JSON usually is, unless that is refused', async () => {
      for (const levels of [16, 20, 60, 200]) {
        await keptOrRefused({ ...taskOf('task-1'), metadata: { value: deep(levels) } });
      }
    });

    test('may have bytes', async () => {
      const value = Buffer.from([0, 1, 128, 254, 255]);
      const part = { ...textPart(''), content: { $case: 'raw' as const, value } };
      const task = { ...taskOf('task-1'), artifacts: [{ ...artifactOf('a'), parts: [part] }] };
      await open().save(task, callContext());
      const loaded = await open().load('task-1', callContext());
      const content = loaded?.artifacts[0]?.parts[0]?.content;
      // One store gives a Buffer, another the plainer array that it is.
      expect(content?.$case === 'raw' && [...content.value]).toEqual([...value]);
    });

    test.each(IDS)('may have ids %s, unless they are refused', async (_, id) => {
      await keptOrRefused(taskOf(id));
      await keptOrRefused({ ...taskOf('task-1'), contextId: id });
    });

    const odd = ['\u0000', '\u0000a', '\ud800', '\ud801', '\ufffd'];
    if (capabilities.ids === 'exact') {
      test('[I9] is found under its own id only, even if two ids are alike in UTF-8', async () => {
        for (const id of odd) {
          await keptOrRefused(taskOf(id));
          await keptOrRefused({ ...taskOf('task-1'), contextId: id });
        }
        await open().save({ ...taskOf('\ufffd'), contextId: '\ufffd' }, callContext());
        for (const id of ['\ud800', '\ud801']) {
          const found = open().load(id, callContext());
          expect(await found.catch(() => undefined)).toBeUndefined();
          const listed = open().list(listRequest({ contextId: id }), callContext());
          expect((await listed.catch(() => undefined))?.tasks ?? []).toEqual([]);
        }
      });
    } else {
      test('may be loaded with another id than it was saved with', async () => {
        for (const id of odd.slice(0, 2)) {
          await open().save(taskOf(id), callContext());
          expect((await open().load(id, callContext()))?.id).not.toBe(id);
        }
      });
    }

    test('is as it was after it has been JSON on its way', async () => {
      const task = fullTask('task-1');
      await open().save(task, callContext());
      const loaded = await open().load('task-1', callContext());
      expect(loaded && Task.toJSON(loaded)).toEqual(Task.toJSON(task));
    });
  });
}
