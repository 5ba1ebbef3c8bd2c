import { ServerCallContext } from '@a2a-js/sdk/server';

/** A request of a user, as an authenticated transport makes it. */
export function contextOf(
  userName = 'user',
  tenant?: string,
  requestedVersion = '1.0',
): ServerCallContext {
  return new ServerCallContext({
    requestedVersion,
    user: { isAuthenticated: true, userName },
    ...(tenant === undefined ? {} : { tenant }),
  });
}
