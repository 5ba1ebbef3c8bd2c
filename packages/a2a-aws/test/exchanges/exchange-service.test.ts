import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { currentExchange } from '../../src/exchanges/exchange.ts';
import { exchangeService } from '../../src/exchanges/exchange-service.ts';

/** As much of a call as an exchange touches. */
class FakeCall extends EventEmitter {
  cancelled = false;
  writableNeedDrain = true;
}

/** The exchange that the methods of a service find. */
function exchangeOf(call: FakeCall): NonNullable<ReturnType<typeof currentExchange>> {
  const service = exchangeService({
    getTask: (_call: FakeCall, answer: (found: ReturnType<typeof currentExchange>) => void) =>
      answer(currentExchange()),
  });
  let exchange: ReturnType<typeof currentExchange>;
  service.getTask(call, (found) => {
    exchange = found;
  });
  if (!exchange) throw new Error('No exchange.');
  return exchange;
}

test('a call that is canceled has been left', () => {
  const call = new FakeCall();
  const { left } = exchangeOf(call);
  expect(left.aborted).toBe(false);
  call.emit('cancelled', 'cancelled');
  expect(left.aborted).toBe(true);
});

test('so has one that was canceled before', () => {
  const call = new FakeCall();
  call.cancelled = true;
  expect(exchangeOf(call).left.aborted).toBe(true);
});

test.each(['drain', 'cancelled'])('who waits for its reader goes on at: %s', async (event) => {
  const call = new FakeCall();
  let drained = false;
  const waiting = exchangeOf(call)
    .drained()
    .then(() => {
      drained = true;
    });
  await new Promise((resolve) => setImmediate(resolve));
  expect(drained).toBe(false);

  call.writableNeedDrain = event !== 'drain';
  call.emit(event);

  await waiting;
  expect(call.listenerCount('drain')).toBe(0);
});
