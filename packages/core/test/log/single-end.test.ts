import { expect, test } from 'vitest';
import { SingleEnd } from '../../src/log/single-end.ts';

test('the listener is called once, when the signal aborts', () => {
  const end = new SingleEnd();
  let calls = 0;
  end.addEventListener('abort', () => {
    calls += 1;
  });
  expect([end.aborted, calls]).toEqual([false, 0]);
  end.abort();
  end.abort();
  expect([end.aborted, calls]).toEqual([true, 1]);
});

test('a removed listener is not called', () => {
  const end = new SingleEnd();
  let calls = 0;
  end.addEventListener('abort', () => {
    calls += 1;
  });
  end.removeEventListener();
  end.abort();
  expect(calls).toBe(0);
});
