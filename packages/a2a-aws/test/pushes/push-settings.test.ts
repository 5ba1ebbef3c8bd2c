import { expect, expectTypeOf, test } from 'vitest';
import { createBackend } from '../../src/create-backend.ts';
import {
  isPushOptions,
  PUSH_RULE,
  type PushOptions,
  type PushSettings,
  pushSettings,
} from '../../src/pushes/push-settings.ts';

const secretOf = (bytes: number): string => `whsec_${Buffer.alloc(bytes, 1).toString('base64')}`;

test('Each option has a setting, and each name is in the text of the rule.', () => {
  expectTypeOf<keyof PushSettings>().toEqualTypeOf<keyof PushOptions>();
  const names = [...Object.keys(pushSettings({})), 'allowedHosts'];
  expect(names.filter((name) => !PUSH_RULE.includes(name))).toEqual([]);
});

test('The defaults are strict, also for options that are undefined.', () => {
  const strict = {
    signingSecret: [],
    allowHttp: false,
    allowPrivateAddresses: false,
    maxConfigs: 10,
    timeoutMs: 5_000,
    retryForMs: 86_400_000,
    maxCalls: 128,
    maxCallsPerHost: 16,
  };
  expect(pushSettings({})).toEqual(strict);
  expect(pushSettings({ allowHttp: undefined, signingSecret: undefined })).toEqual(strict);
});

test.each<PushOptions>([
  {},
  { signingSecret: secretOf(24) },
  { signingSecret: [secretOf(32), secretOf(64)] },
  { signingSecret: [] },
  { allowedHosts: [] },
  { allowedHosts: ['example.com', '*.example.com', 'xn--bcher-kva.example', '10.0.0.1', '::1'] },
  { maxConfigs: 1, timeoutMs: 1, retryForMs: 1, maxCalls: 1, maxCallsPerHost: 1 },
])('%j are options', (options) => {
  expect(isPushOptions(options)).toBe(true);
});

test.each([
  null,
  [],
  'on',
  { secret: secretOf(32) },
  { signingSecret: '' },
  { signingSecret: 'secret' },
  { signingSecret: secretOf(23) },
  { signingSecret: secretOf(65) },
  { signingSecret: secretOf(32).slice(6) },
  { signingSecret: `${secretOf(32)}\n` },
  { signingSecret: `whsec_${'!'.repeat(40)}` },
  { signingSecret: Array.from({ length: 5 }, () => secretOf(32)) },
  { allowHttp: 'false' },
  { allowPrivateAddresses: 1 },
  { allowedHosts: 'example.com' },
  { allowedHosts: ['Example.com'] },
  { allowedHosts: ['*'] },
  { allowedHosts: ['https://example.com'] },
  { allowedHosts: ['a.*.example.com'] },
  { allowedHosts: ['example.com:443/'] },
  { maxConfigs: 0 },
  { maxConfigs: 101 },
  { timeoutMs: 0.5 },
  { retryForMs: Number.POSITIVE_INFINITY },
  { maxCalls: -1 },
  { maxCallsPerHost: Number.NaN },
])('%j are no options', (options) => {
  expect(isPushOptions(options)).toBe(false);
});

test('A malformed secret is not in the error.', () => {
  const options = {
    tableName: 'table',
    fanout: 'polling',
    push: { signingSecret: 'SECRET' },
  } as const;
  expect(() => createBackend({ ...options, clientConfig: { region: 'eu-west-1' } })).toThrow(
    /push has.*signingSecret/,
  );
  expect(() => createBackend(options)).not.toThrow(/SECRET/);
});
