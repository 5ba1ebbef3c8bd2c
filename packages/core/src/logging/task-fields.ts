import { createHash } from 'node:crypto';
import type { LogFields } from '../ports/logger.ts';
import { joinKey, type Scope, type TaskKey } from '../task-key.ts';

/** The longest task id that a line holds, in characters. */
const MAX_ID = 64;

/** How log lines name a task: its id, and its owner as {@link ownerHash}. */
export function taskFields(key: TaskKey): LogFields {
  return { taskId: loggedId(key.taskId), owner: ownerHash(key) };
}

/** Eight hexadecimal digits that stand for tenant and owner: the same for the same owner. */
export function ownerHash({ tenant, owner }: Scope): string {
  return createHash('sha256').update(joinKey(tenant, owner)).digest('hex').slice(0, 8);
}

/** An id as lines hold it: at most 64 characters, anything but letters, digits and `._:-` replaced. */
export function loggedId(id: string): string {
  return id.slice(0, MAX_ID).replace(/[^A-Za-z0-9._:-]/g, '_');
}
