import leven from 'leven';
import { BackendError } from './errors.ts';

/** The names of an options interface; the type keeps the list complete. */
export type OptionNames<Options> = Readonly<Record<keyof Options & string, true>>;

const IDENTIFIER = /^[A-Za-z_$][\w$]{0,63}$/;

/**
 * Throws `configuration` if `options` is not an object or has a property that `names` lacks. The
 * error contains the property's name, the closest valid name, and all valid names, but never a
 * value.
 *
 * @param owner the function or class that takes the options, as in `createBackend`
 */
export function assertOptionNames(
  owner: string,
  options: unknown,
  names: Readonly<Record<string, true>>,
): void {
  const valid = Object.keys(names);
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw invalid(`The options of ${owner} must be an object`, valid);
  }
  const unknown = Object.keys(options).filter((name) => !Object.hasOwn(names, name));
  if (unknown.length === 0) return;
  const faults = unknown.map((name) => `${owner} has no option ${described(name, valid)}`);
  throw invalid(faults.join('; '), valid);
}

/** Returns the valid name that `name` was probably meant to be; `undefined` if none is close. */
export function closestName(name: string, valid: readonly string[]): string | undefined {
  const lower = name.toLowerCase();
  const [closest] = valid
    .map((other) => ({ other, distance: leven(lower, other.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const limit = Math.max(2, Math.floor(name.length / 3));
  return closest && closest.distance <= limit ? closest.other : undefined;
}

function described(name: string, valid: readonly string[]): string {
  // A name of another form may contain anything, so the error must not repeat it.
  if (!IDENTIFIER.test(name)) return 'of a name that is no identifier';
  const closest = closestName(name, valid);
  return closest === undefined ? name : `${name}; did you mean ${closest}?`;
}

function invalid(fault: string, valid: readonly string[]): BackendError {
  const end = /[?.]$/.test(fault) ? '' : '.';
  return new BackendError('configuration', `${fault}${end} Valid: ${valid.join(', ')}.`);
}
