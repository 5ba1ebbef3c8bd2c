import type { Scope } from '@a2a-aws/core';
import { type OwnerResolver, ServerCallContext } from '@a2a-js/sdk/server';

const owners = new WeakMap<ServerCallContext, string>();

/** Returns a context in the name of a task's owner, for work that the owner has not requested. */
export function ownersContext(
  { tenant, owner }: Scope,
  requestedExtensions: string[] = [],
  requestedVersion = '1.0',
): ServerCallContext {
  const context = new ServerCallContext({
    tenant,
    requestedExtensions,
    requestedVersion,
    user: { isAuthenticated: false, userName: owner },
  });
  owners.set(context, owner);
  return context;
}

/** The resolver, which is not asked about contexts that were made for an owner. */
export function withRecordedOwners(resolver: OwnerResolver): OwnerResolver {
  return (context) => owners.get(context) ?? resolver(context);
}
