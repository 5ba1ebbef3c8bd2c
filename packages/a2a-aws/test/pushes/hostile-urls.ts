/** URLs that no configuration may have. Each is refused under the default rules. */

const LOOPBACK = [
  '127.0.0.1',
  '127.1',
  '127.255.255.254',
  '2130706433',
  '017700000001',
  '0x7f000001',
];
const PRIVATE = ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1'];
const METADATA = ['169.254.169.254', '169.254.170.2', '168.63.129.16', '100.100.100.200'];
const SPECIAL = [
  '0.0.0.0',
  '0',
  '0x0',
  '0.0.0.1',
  '192.0.0.1',
  '192.0.0.192',
  '192.0.2.1',
  '192.88.99.1',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
];

const bytesOf = (address: string): number[] => address.split('.').map(Number);

/** The spellings of an IPv4 address that parsers of URLs accept. */
function spellings(address: string): string[] {
  const bytes = bytesOf(address);
  const [a = 0, b = 0, c = 0, d = 0] = bytes;
  const whole = ((a * 256 + b) * 256 + c) * 256 + d;
  const hex = (value: number): string => `0x${value.toString(16)}`;
  const octal = (value: number): string => `0${value.toString(8)}`;
  return [
    String(whole),
    hex(whole),
    hex(whole).toUpperCase().replace('X', 'x'),
    octal(whole),
    bytes.map(hex).join('.'),
    bytes.map(octal).join('.'),
    `${hex(a)}.${octal(b)}.${c}.${d}`,
    `${a}.${b}.${c * 256 + d}`,
    `${a}.${(b * 256 + c) * 256 + d}`,
    `${address}.`,
    `[::ffff:${address}]`,
    `[0:0:0:0:0:ffff:${address}]`,
    `[::${address}]`,
    `[64:ff9b::${address}]`,
    `[64:ff9b:1::${address}]`,
    `[2002:${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}::]`,
    `[::ffff:0:${address}]`,
    bytes.join('%2e'),
    `%${a.toString(16).padStart(2, '0')}${address}`,
  ];
}

const IPV6 = [
  '::',
  '::1',
  '0:0:0:0:0:0:0:1',
  '0000:0000:0000:0000:0000:0000:0000:0001',
  '::2',
  'fc00::1',
  'fd12:3456:789a::1',
  'fd00:ec2::254',
  'fd00:ec2::23',
  'fd20:ce::254',
  'fe80::1',
  'fe80::1%eth0',
  'fe80::1%25eth0',
  'febf::1',
  'fec0::1',
  'ff02::1',
  'ff0e::1',
  '100::1',
  '2001::1',
  '2001:2::1',
  '2001:10::1',
  '2001:20::1',
  '2001:db8::1',
  '3fff::1',
  '4000::1',
  '5f00::1',
  'v1.fe80::1',
].map((address) => `[${address}]`);

const NAMES = [
  'localhost',
  'LOCALHOST',
  'localhost.',
  'localhost..',
  'a.localhost',
  'a.b.LocalHost',
  'a.localhost.',
  'local%68ost',
  '%6c%6f%63%61%6c%68%6f%73%74',
  'ⓛⓞⓒⓐⓛⓗⓞⓢⓣ',
  'lo\u00adcalhost',
  'loc\u200balhost',
  '１２７.0.0.1',
  '127。0。0。1',
  '①②⑦.⓪.⓪.①',
  'example.com.',
  'example.com..',
  '.',
  '..',
  'a'.repeat(300),
  `${'a.'.repeat(130)}com`,
  'exa mple.com',
  'exa%20mple.com',
  'exa%00mple.com',
  'exa%0dmple.com',
  'exa<mple.com',
  'exa^mple.com',
  'exa|mple.com',
  'example.com\\@127.0.0.1',
  '256.256.256.256',
  '1.2.3.4.5',
  '0x100000000',
  '4294967296',
  '08.8.8.8',
  '[',
  '[]',
  '[::1',
  '[::1]x',
  '[:::1]',
];

const SCHEMES = [
  'http://example.com/',
  'HTTP://example.com/',
  'ftp://example.com/',
  'file:///etc/passwd',
  'file://example.com/etc/passwd',
  'gopher://example.com/',
  'ws://example.com/',
  'wss://example.com/',
  'data:text/plain,x',
  'javascript:alert(1)',
  'blob:https://example.com/1',
  'about:blank',
  'unix:/var/run/docker.sock',
  'http+unix://%2Fvar%2Frun%2Fdocker.sock/',
  'jar:https://example.com!/',
  'dict://example.com:11211/',
  'ldap://example.com/',
  'view-source:https://example.com/',
  'https:example.com',
  'https:/example.com',
  'https:///example.com',
  'https:\\\\example.com',
  'https:/\\example.com',
  'https://\\example.com',
  '//example.com/',
  '/path',
  'example.com',
  '127.0.0.1',
  'https://',
  'https:',
  'https',
  '',
  '?',
  'null',
  'undefined',
];

const AUTHORITIES = [
  'user@example.com',
  'user:password@example.com',
  ':password@example.com',
  '@example.com',
  ':@example.com',
  'user:@example.com',
  'example.org@127.0.0.1',
  'example.org:443@127.0.0.1',
  'a@b@example.com',
  '127.0.0.1#@example.com',
  '127.0.0.1?@example.com',
  'example.com:0',
  'example.com:65536',
  'example.com:99999999',
  'example.com:-1',
  'example.com:port',
  'example.com:4 43',
  'example.com:443:443',
];

/** Characters with which a URL forges lines of a log, or a second request. */
const CONTROLS = [
  '\n',
  '\r',
  '\r\n',
  '\r\nHost: internal',
  '\t',
  '\0',
  '\v',
  '\f',
  '\x1b[31m',
  '\x7f',
  '\x85',
  '\xa0',
  '\u2028',
  '\u2029',
  '\u202e',
  '\ufeff',
  ' ',
  '\\',
  '\ud800',
];

function withControls(text: string): string[] {
  return [
    `${text}https://example.com/`,
    `https://example.com/${text}`,
    `https://exam${text}ple.com/`,
    `https${text}://example.com/`,
    `https://example.com/?a=${text}b`,
    `https://example.com/#${text}`,
  ];
}

const LONG = [
  `https://example.com/${'a'.repeat(2_048)}`,
  `https://example.com/?${'a'.repeat(1 << 20)}`,
  `https://${'a.'.repeat(1_000)}com/`,
  `https://example.com/#${'a'.repeat(5_000)}`,
];

const HOSTS = [
  ...LOOPBACK,
  ...PRIVATE,
  ...METADATA,
  ...SPECIAL,
  ...['127.0.0.1', '10.0.0.1', '192.168.1.1', '169.254.169.254', '172.16.0.1'].flatMap(spellings),
  ...IPV6,
  ...NAMES,
  ...AUTHORITIES,
];

export const HOSTILE_URLS: readonly string[] = [
  ...new Set([
    ...HOSTS.map((host) => `https://${host}/`),
    ...LOOPBACK.map((host) => `https://${host}:8443/path?query#fragment`),
    ...METADATA.map((host) => `http://${host}/latest/meta-data/`),
    ...SCHEMES,
    ...CONTROLS.flatMap(withControls),
    ...LONG,
  ]),
];
