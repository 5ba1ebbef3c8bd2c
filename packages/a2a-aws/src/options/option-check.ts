import { assertOptionNames, type OptionNames } from '@a2a-aws/core/internal';

/**
 * Throws `configuration` if `options` has a name that `names` lacks. The `env` and `stop` of a
 * `LocalAws` of `@a2a-aws/local` pass, so that `{ ...aws }` is a set of options.
 */
export function assertOptions<Options extends object>(
  owner: string,
  options: Options,
  names: OptionNames<Options>,
): void {
  assertOptionNames(owner, isLocalAws(options) ? withoutLocalAws(options) : options, names);
}

interface LocalAwsRest {
  readonly env: { readonly A2A_TABLE_NAME: string };
  readonly stop: () => Promise<void>;
}

function isLocalAws(options: object): options is LocalAwsRest {
  const { env, stop } = (options ?? {}) as Partial<LocalAwsRest>;
  return typeof stop === 'function' && typeof env?.A2A_TABLE_NAME === 'string';
}

function withoutLocalAws({ env: _env, stop: _stop, ...options }: LocalAwsRest): object {
  return options;
}
