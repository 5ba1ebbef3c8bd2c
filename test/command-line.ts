/** A mistake in the arguments of a script. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError';
}

/**
 * The settings that `read` makes of a script's arguments. Undefined if there is nothing to do: after
 * `--help`, which prints `usage`, and after a mistake, which is printed on stderr with `usage` and
 * makes the exit code 2. A mistake is a `UsageError`, or an error of `parseArgs`.
 */
export function settingsFrom<Settings>(
  usage: string,
  read: (args: string[]) => Settings,
  args: readonly string[] = process.argv.slice(2),
): Settings | undefined {
  if (args.includes('--help') || args.includes('-h')) {
    console.log(usage);
    return undefined;
  }
  try {
    return read([...args]);
  } catch (error) {
    if (!isMistake(error)) throw error;
    console.error(`${error.message}\n\n${usage}`);
    process.exitCode = 2;
    return undefined;
  }
}

/** The whole number that an option was given, `least` or more. */
export function whole(option: string, text: string, least: number): number {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(number) && number >= least) return number;
  throw new UsageError(`${option} must be a whole number, ${least} or more.`);
}

/** The names, unless one of them is not known. */
export function knownNames<Name extends string>(
  what: string,
  names: readonly string[],
  known: readonly Name[],
): Name[] {
  return names.map((name) => {
    const found = known.find((one) => one === name);
    if (found !== undefined) return found;
    throw new UsageError(`There is no ${what} "${name}". There are: ${known.join(', ')}.`);
  });
}

function isMistake(error: unknown): error is Error {
  const { code = '' } = error as { readonly code?: string };
  return error instanceof UsageError || code.startsWith('ERR_PARSE_ARGS_');
}
