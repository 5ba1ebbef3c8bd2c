import { createHash } from 'node:crypto';
import type { LogFields } from '../ports/logger.ts';
import { joinKey, type Scope, type TaskKey } from '../task-key.ts';

/** The longest task id in a line, in characters. */
const MAX_ID = 64;

/** Returns the fields that identify a task: its id, and its owner as {@link ownerHash}. */
export function taskFields(key: TaskKey): LogFields {
  return { taskId: loggedId(key.taskId), owner: ownerHash(key) };
}

/**
 * Returns eight hexadecimal digits that stand for tenant and owner. The same owner always has the
 * same digits.
 */
export function ownerHash({ tenant, owner }: Scope): string {
  return createHash('sha256').update(joinKey(tenant, owner)).digest('hex').slice(0, 8);
}

/**
 * Returns an id for a line: at most 64 characters, with everything but letters, digits and `._:-`
 * replaced.
 */
export function loggedId(id: string): string {
  return id.slice(0, MAX_ID).replace(/[^A-Za-z0-9._:-]/g, '_');
}
