import { flush, TestClock } from '@a2a-aws/testkit/fakes';
import { expect, test } from 'vitest';
import { LOG_LEVELS, type LogLevel } from '../../src/logging/log-level.ts';
import { jsonLogger, rootLogger } from '../../src/logging/root-logger.ts';
import { type LogFields, loggerOf, withFields } from '../../src/ports/logger.ts';

function lines(level: LogLevel = 'debug') {
  const written: (LogFields & { event: string; level: string })[] = [];
  const sink = loggerOf((at, event, fields) => written.push({ level: at, event, ...fields }));
  return { written, logger: rootLogger(sink, { clock: new TestClock(), level }) };
}

test('a line has its time, and the fields of all loggers on its way', () => {
  const { written, logger } = lines();
  const task = withFields(withFields(logger, { instance: 'a' }), () => ({ taskId: 't' }));
  task.warn('log.append-retried', { code: 'unreachable' });
  expect(written).toEqual([
    {
      level: 'warn',
      event: 'log.append-retried',
      time: new Date(new TestClock().now()).toISOString(),
      instance: 'a',
      taskId: 't',
      code: 'unreachable',
    },
  ]);
});

const expected: Readonly<Record<LogLevel, readonly string[]>> = {
  error: ['error'],
  warn: ['warn', 'error'],
  lifecycle: ['instance.ready', 'warn', 'error'],
  info: ['instance.ready', 'run.started', 'warn', 'error'],
  debug: ['debug', 'instance.ready', 'run.started', 'warn', 'error'],
};

test.each(LOG_LEVELS)('level %s', (level) => {
  const { written, logger } = lines(level);
  logger.debug('debug');
  logger.info('instance.ready');
  logger.info('run.started');
  logger.warn('warn');
  logger.error('error');
  expect(written.map(({ event }) => event)).toEqual(expected[level]);
});

test('no field ends a line, starts another, or grows without limit', () => {
  const texts: string[] = [];
  const sink = jsonLogger((line) => texts.push(line));
  const logger = rootLogger(sink, { clock: new TestClock(), level: 'debug' });
  const text = `x\n{"level":"error"}\r\u2028\u001b[31m\u202e${'y'.repeat(5_000)}`;
  logger.warn('a.b', { text, none: undefined, odd: { secret: 1 } as unknown as string });
  expect(texts).toHaveLength(1);
  expect(texts[0]).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
  expect(texts[0]?.length).toBeLessThan(800);
  expect(Object.keys(JSON.parse(texts[0] ?? ''))).toEqual(['time', 'level', 'event', 'text']);
});

test('a sink that throws or rejects disturbs no caller', async () => {
  const throwing = rootLogger(
    loggerOf(() => {
      throw new Error('full');
    }),
    { clock: new TestClock(), level: 'debug' },
  );
  expect(() => throwing.error('a.b')).not.toThrow();
  const rejecting = loggerOf(() => {});
  rejecting.warn = async () => {
    throw new Error('full');
  };
  rootLogger(rejecting, { clock: new TestClock(), level: 'debug' }).warn('a.b');
  await flush();
});
