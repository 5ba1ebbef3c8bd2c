import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Listeners } from '../../src/log/listeners.ts';

test('listeners are called in the order in which they were added, until they are removed', () => {
  const steps = fc.array(fc.nat({ max: 3 }), { maxLength: 20 });
  fc.assert(
    fc.property(steps, (toggled) => {
      const listeners = new Listeners<[value: string]>();
      const calls: string[] = [];
      const added = new Map<number, () => void>();
      for (const n of toggled) {
        const remove = added.get(n);
        if (remove) {
          remove();
          added.delete(n);
        } else {
          const listener = (value: string): void => void calls.push(`${n} ${value}`);
          added.set(n, listeners.add(listener));
        }
        calls.length = 0;
        listeners.call('called');
        expect(calls).toEqual([...added.keys()].map((key) => `${key} called`));
      }
    }),
  );
});

test('a listener that another one removes meanwhile is called once more', () => {
  const listeners = new Listeners<[]>();
  const calls: string[] = [];
  const remove: (() => void)[] = [];
  remove.push(listeners.add(() => remove[1]?.()));
  remove.push(listeners.add(() => calls.push('removed')));
  listeners.call();
  listeners.call();
  expect(calls).toEqual(['removed']);
});

test('a removed listener stays removed when its removal is repeated', () => {
  const listeners = new Listeners<[]>();
  const calls: string[] = [];
  const remove = listeners.add(() => calls.push('first'));
  remove();
  listeners.add(() => calls.push('second'));
  remove();
  listeners.call();
  expect(calls).toEqual(['second']);
});
