import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isAllowedAddress } from '../../src/pushes/address-class.ts';

const PUBLIC = [
  '8.8.8.8',
  '1.1.1.1',
  '93.184.215.14',
  '52.94.236.248',
  '2606:4700::1111',
  '2a00:1450::1',
];

/** Addresses of networks that belong to their operator. */
const PRIVATE = [
  '127.0.0.1',
  '127.255.255.255',
  '10.0.0.1',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.0.1',
  '100.64.0.1',
  '100.127.255.255',
  '::1',
  'fc00::1',
  'fdff::1',
  '::ffff:127.0.0.1',
  '::ffff:a00:1',
  '64:ff9b::10.0.0.1',
  '64:ff9b::7f00:1',
];

const NEVER = [
  '0.0.0.0',
  '0.1.2.3',
  '169.254.169.254',
  '169.254.170.2',
  '168.63.129.16',
  '100.100.100.200',
  '192.0.0.192',
  '192.0.2.1',
  '192.88.99.1',
  '192.175.48.1',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::ffff:0.0.0.0',
  '::ffff:169.254.169.254',
  '::ffff:0:127.0.0.1',
  '::127.0.0.1',
  '::8.8.8.8',
  '64:ff9b::169.254.169.254',
  '64:ff9b:1::7f00:1',
  '100::1',
  '2001::1',
  '2001:2::1',
  '2001:10::1',
  '2001:20::1',
  '2001:db8::1',
  '2002:7f00:1::',
  '2002:808:808::1',
  '3fff::1',
  '4000::1',
  '5f00::1',
  'fd00:ec2::254',
  'fd00:ec2::23',
  'fd20:ce::254',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  'ff02::1',
];

const NO_ADDRESS = [
  '',
  'localhost',
  '127.1',
  '0177.0.0.1',
  '0x7f000001',
  '2130706433',
  '1.2.3.4.',
  ' 8.8.8.8',
];

describe('an address', () => {
  test.each(PUBLIC)('that is public is allowed: %s', (address) => {
    expect(isAllowedAddress(address, false)).toBe(true);
    expect(isAllowedAddress(address, true)).toBe(true);
  });

  test.each(PRIVATE)('that is private is allowed by a setting: %s', (address) => {
    expect(isAllowedAddress(address, false)).toBe(false);
    expect(isAllowedAddress(address, true)).toBe(true);
  });

  test.each(NEVER)('that is special is never allowed: %s', (address) => {
    expect(isAllowedAddress(address, false)).toBe(false);
    expect(isAllowedAddress(address, true)).toBe(false);
  });

  test.each(NO_ADDRESS)('that is not written as one is not allowed: %j', (text) => {
    expect(isAllowedAddress(text, true)).toBe(false);
  });
});

test('An IPv4 address counts the same behind each prefix that stands for it.', () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.boolean(), (address, allowPrivate) => {
      const isAllowed = isAllowedAddress(address, allowPrivate);
      expect(isAllowedAddress(`::ffff:${address}`, allowPrivate)).toBe(isAllowed);
      expect(isAllowedAddress(`64:ff9b::${address}`, allowPrivate)).toBe(isAllowed);
    }),
  );
});

test('No IPv6 address outside 2000::/3 is public.', () => {
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      const first = Number.parseInt(address.split(':')[0] || '0', 16);
      fc.pre(first < 0x2000 || first > 0x3fff);
      fc.pre(!address.startsWith('64:ff9b:') && !/:ffff:/i.test(address));
      expect(isAllowedAddress(address, false)).toBe(false);
    }),
  );
});
