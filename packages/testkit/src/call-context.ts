import { ServerCallContext } from '@a2a-js/sdk/server';

interface Caller {
  /** @default `user` */
  readonly user?: string;
  /** @default none */
  readonly tenant?: string;
  /** A2A version of the request. @default `1.0` */
  readonly version?: string;
}

/** A request as an authenticated transport makes it: a fresh context, as each request has one. */
export function callContext({ user, tenant, version }: Caller = {}): ServerCallContext {
  return new ServerCallContext({
    requestedVersion: version ?? '1.0',
    user: { isAuthenticated: true, userName: user ?? 'user' },
    ...(tenant === undefined ? {} : { tenant }),
  });
}

/** Callers of whom no two may see each other's, most of them alike once joined carelessly. */
export const STRANGERS: readonly Caller[] = [
  {},
  { user: 'other' },
  { tenant: 'tenant' },
  { user: 'tenant', tenant: 'user' },
  { user: 'user#x', tenant: 'tenant' },
  { user: 'x', tenant: 'tenant#user' },
  { user: 'user%23x', tenant: 'tenant' },
  { user: 'USER' },
  { user: ' user' },
  { user: '__proto__', tenant: 'constructor' },
];
