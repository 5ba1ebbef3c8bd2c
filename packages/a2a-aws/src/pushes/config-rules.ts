import { isIP } from 'node:net';
import type { TaskPushNotificationConfig } from '@a2a-js/sdk';
import { isAllowedAddress } from './address-class.ts';
import { isLocalName } from './host-addresses.ts';
import type { PushSettings } from './push-settings.ts';

const MAX_ID_CHARACTERS = 512;
const MAX_URL_CHARACTERS = 2_048;
const MAX_SECRET_CHARACTERS = 4_096;
const MAX_SCHEME_CHARACTERS = 64;
/** The longest name in DNS. */
const MAX_HOST_CHARACTERS = 253;

/** RFC 3986 has no other characters; a backslash is a slash for some parsers. */
const URL_TEXT = /^https?:\/\/(?![/?#])[!-[\]-~]+$/i;
const HEADER_VALUE = /^[!-~](?:[ -~]*[!-~])?$/;
/** A token of RFC 9110. */
const SCHEME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** The rules for URLs. */
export type UrlRules = Pick<PushSettings, 'allowHttp' | 'allowPrivateAddresses' | 'allowedHosts'>;

/** A rule that a configuration breaks: a fixed text without content of the configuration. */
export interface ConfigFault {
  readonly reason: 'forbidden-config' | 'forbidden-address';
  /** A sentence for the client. */
  readonly rule: string;
}

/** Returns the first rule that a configuration breaks, as far as it is known before a connection. */
export function configFault(
  config: TaskPushNotificationConfig,
  rules: UrlRules,
): ConfigFault | undefined {
  return textFault(config) ?? urlFault(config.url, rules);
}

/** Returns the first rule for texts that a configuration breaks. The rules hold for every sender. */
export function textFault(config: TaskPushNotificationConfig): ConfigFault | undefined {
  const { id, url, token, authentication } = config;
  const { scheme = '', credentials = '' } = authentication ?? {};
  // A2A 0.3's fields come from clients as they are.
  if (![id, url, token, scheme, credentials].every((text) => typeof text === 'string')) {
    return broken('is a text', 'every field');
  }
  if (id.length > MAX_ID_CHARACTERS) return broken('has at most 512 characters', 'id');
  if (url.length > MAX_URL_CHARACTERS) return broken('has at most 2,048 characters', 'url');
  if (!/^[!-~]+$/.test(url)) return broken('has only visible ASCII characters', 'url');
  if (!isSecret(token)) return broken('is a header value of at most 4,096 characters', 'token');
  if (!isSecret(credentials)) {
    return broken('is a header value of at most 4,096 characters', 'authentication.credentials');
  }
  if (scheme !== '' && (scheme.length > MAX_SCHEME_CHARACTERS || !SCHEME.test(scheme))) {
    return broken('is the name of an HTTP authentication scheme', 'authentication.scheme');
  }
  return undefined;
}

function isSecret(text: string): boolean {
  return text === '' || (text.length <= MAX_SECRET_CHARACTERS && HEADER_VALUE.test(text));
}

function urlFault(text: string, rules: UrlRules): ConfigFault | undefined {
  if (!URL_TEXT.test(text) || !URL.canParse(text)) return broken('is an https URL', 'url');
  const url = new URL(text);
  if (url.protocol !== 'https:' && !rules.allowHttp) return broken('is an https URL', 'url');
  // An empty user name disappears from a parsed URL.
  if (/^[^/]*\/\/[^/?#]*@/.test(text)) return broken('has no credentials', 'url');
  if (url.port === '0') return broken('has a port other than 0', 'url');
  return hostFault(hostOf(url), rules);
}

function hostFault(host: string, rules: UrlRules): ConfigFault | undefined {
  if (host.length > MAX_HOST_CHARACTERS || host.endsWith('.')) {
    return broken('has a host that does not end with a dot', 'url');
  }
  const { allowedHosts, allowPrivateAddresses } = rules;
  if (allowedHosts && !allowedHosts.some((allowed) => matchesHost(host, allowed))) {
    return { reason: 'forbidden-address', rule: 'The host of url is not allowed.' };
  }
  const isForbidden = isIP(host)
    ? !isAllowedAddress(host, allowPrivateAddresses)
    : isLocalName(host) && !allowPrivateAddresses;
  if (!isForbidden) return undefined;
  return { reason: 'forbidden-address', rule: 'The host of url is not a public address.' };
}

/** Returns the host of a URL, an IPv6 address without its brackets. */
export function hostOf({ hostname }: URL): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}

function matchesHost(host: string, allowed: string): boolean {
  return allowed.startsWith('*.') ? host.endsWith(allowed.slice(1)) : host === allowed;
}

function broken(rule: string, field: string): ConfigFault {
  return { reason: 'forbidden-config', rule: `In a push config, ${field} ${rule}.` };
}
