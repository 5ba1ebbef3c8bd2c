import { createHash } from 'node:crypto';
import { BackendError } from './errors.ts';

/** Whose task: tenant and owner are part of every key (I9). */
export interface Scope {
  readonly tenant: string;
  readonly owner: string;
}

/** Tenant + owner + task id: what every item and message is keyed by. */
export interface TaskKey extends Scope {
  readonly taskId: string;
}

/** Longest escaped task key in bytes: a DynamoDB partition key holds 2,048, the rest is for prefixes. */
export const MAX_TASK_KEY_BYTES = 1_500;

/** Escapes `#` and `%`, so that parts joined by `#` can be told apart whatever they hold. */
export function escapeKeyPart(part: string): string {
  return part.replace(/[#%]/g, (character) => (character === '#' ? '%23' : '%25'));
}

/** Reads what {@link escapeKeyPart} wrote. */
export function unescapeKeyPart(part: string): string {
  return part.replace(/%23|%25/g, (escaped) => (escaped === '%23' ? '#' : '%'));
}

/** Joins parts with `#`; two different lists never give the same key. */
export function joinKey(...parts: readonly string[]): string {
  return parts.map(escapeKeyPart).join('#');
}

/** `tenant#owner#taskId`, escaped. */
export function taskKeyText(key: TaskKey): string {
  return joinKey(key.tenant, key.owner, key.taskId);
}

/** A short stable name for a task key where the key itself may be too long: 22 characters. */
export function taskKeyHash(key: TaskKey): string {
  return createHash('sha256').update(taskKeyText(key)).digest('base64url').slice(0, 22);
}

/** Throws `invalid-key` for a scope that no table can hold. */
export function assertScope({ tenant, owner }: Scope): void {
  const text = joinKey(tenant, owner);
  if (!text.isWellFormed() || Buffer.byteLength(text) > MAX_TASK_KEY_BYTES) {
    throw new BackendError(
      'invalid-key',
      'Tenant and owner must be well-formed, and not too long.',
    );
  }
}

/** Throws `invalid-key` for a key that no table can hold. */
export function assertTaskKey(key: TaskKey): void {
  const text = taskKeyText(key);
  if (key.taskId === '' || !text.isWellFormed()) {
    throw new BackendError('invalid-key', 'A task id must be non-empty, well-formed Unicode.');
  }
  if (Buffer.byteLength(text) > MAX_TASK_KEY_BYTES) {
    throw new BackendError('invalid-key', 'Tenant, owner and task id are too long together.');
  }
}
