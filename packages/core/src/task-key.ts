import { createHash } from 'node:crypto';
import { BackendError } from './errors.ts';

/** The tenant and the owner of a task, which are part of every key (I9). */
export interface Scope {
  readonly tenant: string;
  readonly owner: string;
}

/** Tenant, owner and task id: the key of every item and message of a task. */
export interface TaskKey extends Scope {
  readonly taskId: string;
}

/**
 * The longest escaped task key, in bytes. A DynamoDB partition key holds 2,048; the rest is for
 * prefixes.
 */
export const MAX_TASK_KEY_BYTES = 1_500;

/** Escapes `#` and `%`, so that parts joined by `#` are distinct, whatever they contain. */
export function escapeKeyPart(part: string): string {
  return part.replace(/[#%]/g, (character) => (character === '#' ? '%23' : '%25'));
}

/** Returns the part that {@link escapeKeyPart} escaped. */
export function unescapeKeyPart(part: string): string {
  return part.replace(/%23|%25/g, (escaped) => (escaped === '%23' ? '#' : '%'));
}

/** Joins parts with `#`. Two different lists never have the same key. */
export function joinKey(...parts: readonly string[]): string {
  return parts.map(escapeKeyPart).join('#');
}

/** Returns `tenant#owner#taskId`, escaped. */
export function taskKeyText(key: TaskKey): string {
  return joinKey(key.tenant, key.owner, key.taskId);
}

/**
 * Returns a short, stable name for a task key, for places where the key may be too long: 22
 * characters.
 */
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
