import { TaskPushNotificationConfig } from '@a2a-js/sdk';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { configFault, textFault, type UrlRules } from '../../src/pushes/config-rules.ts';
import { pushSettings } from '../../src/pushes/push-settings.ts';
import { HOSTILE_URLS } from './hostile-urls.ts';

const rules = pushSettings({});
const development = pushSettings({ allowHttp: true, allowPrivateAddresses: true });

const configOf = (
  url: string,
  fields: Partial<TaskPushNotificationConfig> = {},
): TaskPushNotificationConfig => ({ ...TaskPushNotificationConfig.fromJSON({ url }), ...fields });

const faultOf = (url: string, given: UrlRules = rules): string | undefined =>
  configFault(configOf(url), given)?.reason;

describe('a URL', () => {
  test('is in a list of at least 300 hostile ones', () => {
    expect(HOSTILE_URLS.length).toBeGreaterThanOrEqual(300);
  });

  test.each(HOSTILE_URLS.map((url) => [url.slice(0, 80), url]))(
    'that is hostile is refused: %j',
    (_, url) => {
      expect(faultOf(url)).toMatch(/^forbidden-(config|address)$/);
    },
  );

  test.each([
    'https://example.com',
    'https://example.com/',
    'HTTPS://EXAMPLE.COM/Path',
    'https://example.com:8443/a/b?c=d&e=%20#f',
    'https://xn--bcher-kva.example/',
    'https://a_b.example.com/',
    'https://8.8.8.8/',
    'https://[2606:4700::1111]:444/',
    'https://[::ffff:8.8.8.8]/',
    'https://notlocalhost/',
    'https://localhost.example.com/',
    "https://example.com/~a/!$&'()*+,;=:@[]^`{|}",
    `https://example.com/${'a'.repeat(2_000)}`,
  ])('that is public is taken: %s', (url) => {
    expect(faultOf(url)).toBeUndefined();
  });

  test.each([
    'http://localhost:8080/',
    'http://127.0.0.1:9/',
    'https://[::1]/',
    'http://10.1.2.3/',
    'http://agent.localhost/',
  ])('of a private network is taken by a setting: %s', (url) => {
    expect(faultOf(url, development)).toBeUndefined();
    expect(faultOf(url, { ...development, allowPrivateAddresses: false })).toBeDefined();
  });

  test.each(['http://169.254.169.254/', 'http://[fd00:ec2::254]/', 'http://0.0.0.0/'])(
    'of a metadata service is taken by no setting: %s',
    (url) => {
      expect(faultOf(url, development)).toBe('forbidden-address');
    },
  );

  test('needs a host of the list, if there is one', () => {
    const listed = pushSettings({ allowedHosts: ['example.com', '*.example.org', '8.8.8.8'] });
    for (const host of [
      'example.com',
      'EXAMPLE.com:444',
      'a.example.org',
      'a.b.example.org',
      '8.8.8.8',
    ]) {
      expect(faultOf(`https://${host}/`, listed), host).toBeUndefined();
    }
    for (const host of [
      'a.example.com',
      'example.org',
      'xexample.org',
      'example.com.evil.com',
      '8.8.4.4',
    ]) {
      expect(faultOf(`https://${host}/`, listed), host).toBe('forbidden-address');
    }
    expect(faultOf('https://example.com/', pushSettings({ allowedHosts: [] }))).toBeDefined();
  });
});

describe('a header', () => {
  const url = 'https://example.com/';
  const HOSTILE = [
    'a\nb',
    'a\r\nHost: b',
    'a\0',
    '\ta',
    'a ',
    ' a',
    'é',
    '漢',
    '\x7f',
    'a'.repeat(4_097),
  ];

  test.each(HOSTILE)('has no such token: %j', (token) => {
    expect(textFault(configOf(url, { token }))?.reason).toBe('forbidden-config');
  });

  test.each(HOSTILE)('has no such credentials: %j', (credentials) => {
    const authentication = { scheme: 'Bearer', credentials };
    expect(textFault(configOf(url, { authentication }))?.reason).toBe('forbidden-config');
  });

  test.each([...HOSTILE, 'Bearer x', 'a:b', 'a,b', 'a"b', '(a)', 'a'.repeat(65)])(
    'has no such scheme: %j',
    (scheme) => {
      const authentication = { scheme, credentials: 'credentials' };
      expect(textFault(configOf(url, { authentication }))?.reason).toBe('forbidden-config');
    },
  );

  test.each([
    ['Bearer', 'eyJhbGciOi.J9.x_-~+/='],
    ['Basic', 'dXNlcjpwYXNz'],
    ['Digest', 'username="a", realm="b c"'],
    ['', ''],
  ])('has such an authentication: %s %s', (scheme, credentials) => {
    expect(
      configFault(configOf(url, { authentication: { scheme, credentials } }), rules),
    ).toBeUndefined();
  });
});

test('An id has at most 512 characters.', () => {
  const url = 'https://example.com/';
  expect(textFault(configOf(url, { id: '漢'.repeat(512) }))).toBeUndefined();
  expect(textFault(configOf(url, { id: 'a'.repeat(513) }))).toBeDefined();
});

test('No text of a configuration is in the sentence for the client.', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      const rule = configFault(configOf(`https://SECRET.${text}`), rules)?.rule ?? '';
      expect(rule).not.toContain('SECRET');
      expect(rule).toMatch(/^[ -~]*$/);
    }),
  );
});

test('A URL that is taken is requested as it is written.', () => {
  fc.assert(
    fc.property(fc.webUrl({ withFragments: true, withQueryParameters: true }), (url) => {
      fc.pre(configFault(configOf(url), development) === undefined);
      expect(new URL(url).hostname).toBe(/^https?:\/\/([^/:?#]*)/i.exec(url)?.[1]?.toLowerCase());
    }),
  );
});
