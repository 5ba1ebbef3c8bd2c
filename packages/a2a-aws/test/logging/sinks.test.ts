import { Writable } from 'node:stream';
import { type LogFields, systemClock } from '@a2a-aws/core';
import { rootLogger } from '@a2a-aws/core/internal';
import { Logger as Powertools } from '@aws-lambda-powertools/logger';
import { pino } from 'pino';
import { afterEach, describe, expect, test, vi } from 'vitest';
import winston from 'winston';
import { defaultLevel, pinoLogger, sinkOf } from '../../src/logging/sinks.ts';
import type { BackendOptions } from '../../src/options/backend-options.ts';

const FIELDS: LogFields = { instance: 'a', taskId: 't', durationMs: 12, ok: true };

afterEach(() => vi.restoreAllMocks());

/** Returns the output of a logger for one line at each level, parsed. */
function written(
  make: (stream: Writable) => NonNullable<BackendOptions['logger']>,
): Record<string, unknown>[] {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk, _, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  const given = make(stream);
  const logger = rootLogger(sinkOf(given), { clock: systemClock, level: defaultLevel(given) });
  logger.info('instance.ready', FIELDS);
  logger.warn('lease.beat-retried', FIELDS);
  logger.error('instance.died', FIELDS);
  return chunks
    .join('')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const EVENTS = ['instance.ready', 'lease.beat-retried', 'instance.died'];

/** Redirects the output of a logger from this process's own streams to `stream`. */
function redirected(stream: Writable): void {
  for (const output of [process.stdout, process.stderr]) {
    vi.spyOn(output, 'write').mockImplementation((chunk) => stream.write(chunk));
  }
}

describe('every line keeps its event, its level and all of its fields', () => {
  test.each<[string, string, (stream: Writable) => NonNullable<BackendOptions['logger']>]>([
    ['pino', 'msg', (stream) => pino({ level: 'debug' }, stream)],
    ['a child of pino', 'msg', (stream) => pino({}, stream).child({ service: 'agent' })],
    [
      'pinoLogger',
      'msg',
      (stream) => {
        const real = pino({}, stream);
        return pinoLogger({
          debug: (...args) => real.debug(...args),
          info: (...args) => real.info(...args),
          warn: (...args) => real.warn(...args),
          error: (...args) => real.error(...args),
          bindings: () => real.bindings(),
        });
      },
    ],
    [
      'winston',
      'message',
      (stream) =>
        winston.createLogger({
          format: winston.format.json(),
          transports: [new winston.transports.Stream({ stream })],
        }),
    ],
    [
      'Powertools',
      'message',
      (stream) => {
        redirected(stream);
        return new Powertools({ serviceName: 'agent', logLevel: 'DEBUG' });
      },
    ],
    [
      'console',
      'event',
      (stream) => {
        for (const method of ['info', 'warn', 'error'] as const) {
          vi.spyOn(console, method).mockImplementation((line) => stream.write(`${line}\n`));
        }
        return console;
      },
    ],
  ])('%s', (_, message, make) => {
    const lines = written(make);
    expect(lines.map((line) => line[message])).toEqual(EVENTS);
    for (const line of lines) {
      expect(line).toMatchObject(FIELDS);
      expect(line).toHaveProperty('level');
      const { time, timestamp } = line;
      expect(time ?? timestamp).toBeDefined();
    }
  });
});

test('without a logger, JSON lines go to stderr', () => {
  const chunks: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => chunks.push(String(chunk)) > 0);
  sinkOf(undefined).warn('lease.beat-retried', FIELDS);
  expect(JSON.parse(chunks.join(''))).toMatchObject({
    level: 'warn',
    event: 'lease.beat-retried',
    ...FIELDS,
  });
});

test('a logger that takes the message first is not treated as pino', () => {
  const logger = winston.createLogger({ silent: true });
  expect(sinkOf(logger)).toBe(logger);
  // @ts-expect-error Its methods take the message first.
  pinoLogger(logger);
  // @ts-expect-error Likewise.
  pinoLogger(console);
});
