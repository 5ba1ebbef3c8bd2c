import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** The classes of addresses in an operator's own network. */
const PRIVATE: ReadonlySet<string> = new Set([
  'loopback',
  'private',
  'uniqueLocal',
  'carrierGradeNat',
]);

/** Services of clouds that trust every caller, outside the link-local addresses. */
const METADATA = [
  // AWS: instance metadata, EKS credentials, DNS and time.
  'fd00:ec2::/32',
  // Google
  'fd20:ce::254/128',
  // Azure
  '168.63.129.16/32',
  // Alibaba
  '100.100.100.200/32',
].map((range) => ipaddr.parseCIDR(range));

/** The IPv6 addresses that are assigned to networks; all others are special or free. */
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3');
/** The NAT64 prefix behind which a network puts every IPv4 address (RFC 6052). */
const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');

/**
 * Returns whether notifications may go to an IP address: to public ones, and with `allowPrivate` also to
 * loopback, private and unique-local ones. An IPv6 address that stands for an IPv4 address counts as
 * that one.
 */
export function isAllowedAddress(text: string, allowPrivate: boolean): boolean {
  // A zone names an interface of this machine.
  if (isIP(text) === 0 || text.includes('%')) return false;
  const address = plainAddress(ipaddr.parse(isIP(text) === 6 ? inGroups(text) : text));
  if (METADATA.some((range) => address.kind() === range[0].kind() && address.match(range))) {
    return false;
  }
  const range = address.range();
  if (PRIVATE.has(range)) return allowPrivate;
  if (range !== 'unicast') return false;
  return address instanceof ipaddr.IPv4 || address.match(GLOBAL_IPV6);
}

/** Returns an IPv6 address in hexadecimal groups: `ipaddr.js` takes `::1.2.3.4` for `::ffff:1.2.3.4`. */
function inGroups(text: string): string {
  return new URL(`http://[${text}]`).hostname.slice(1, -1);
}

function plainAddress(address: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv4 | ipaddr.IPv6 {
  if (address instanceof ipaddr.IPv4) return address;
  if (address.isIPv4MappedAddress()) return address.toIPv4Address();
  return address.match(NAT64) ? new ipaddr.IPv4(address.toByteArray().slice(12)) : address;
}
