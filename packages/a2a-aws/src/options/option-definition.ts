import { BackendError } from '@a2a-aws/core';
import * as z from 'zod';

/** One option: the sources of its value, the rule for the value, and the rule's text in an error. */
export interface OptionDefinition<Value, Env, Options> {
  /** The environment variable to read if the option is not given. */
  readonly env?: keyof Env & string;
  /** Returns the value that the variable's text stands for. @default the text itself */
  readonly parse?: (text: string) => unknown;
  /** Returns the value if neither option nor variable is set. @default none: the option is required */
  readonly default?: (env: Env, options: Options) => Value;
  readonly schema: z.ZodType<Value>;
  /** The end of a sentence that begins with the option's name. */
  readonly rule: string;
}

/** A definition for each option; `Values` has their types with the defaults filled in. */
export type OptionDefinitions<Values, Env, Options> = {
  readonly [Name in keyof Values & string]-?: OptionDefinition<Values[Name], Env, Options>;
};

/** Returns the value of each option: as given, as in the environment, or the default; unchecked. */
export function valuesOf<Values, Env, Options>(
  definitions: OptionDefinitions<Values, Env, Options>,
  options: Options,
  env: Env,
): Values {
  const given = options as Readonly<Record<string, unknown>>;
  const all = Object.entries(definitions) as [string, OptionDefinition<unknown, Env, Options>][];
  return Object.fromEntries(
    all.map(([name, definition]) => {
      const { env: variable, parse = (text: string) => text } = definition;
      const text = variable && env[variable];
      const found = given[name] ?? (typeof text === 'string' ? parse(text) : undefined);
      return [name, found ?? definition.default?.(env, options) ?? given[name]];
    }),
  ) as Values;
}

/**
 * Checks the values against their definitions.
 *
 * @throws {BackendError} `configuration`, naming each option that is missing or malformed, its
 * variable and its rule, but never its value.
 */
export function assertValues(
  definitions: Readonly<
    Record<string, Pick<OptionDefinition<unknown, never, never>, 'schema' | 'rule' | 'env'>>
  >,
  values: Readonly<Record<string, unknown>>,
): void {
  const faults = Object.entries(definitions)
    .filter(([name, { schema }]) => !schema.safeParse(values[name]).success)
    .map(([name, { env, rule }]) => `${env === undefined ? name : `${name} (${env})`} ${rule}`);
  if (faults.length === 0) return;
  throw new BackendError('configuration', `Missing or malformed options: ${faults.join('; ')}.`);
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

export const anyFunction = <T>(): z.ZodType<T> =>
  z.custom<T>((value) => typeof value === 'function');

export const anyObject = <T>(): z.ZodType<T> => z.custom<T>(isObject);

/** Returns a schema for objects with these methods. Their behaviour cannot be checked. */
export function having<T>(...methods: readonly string[]): z.ZodType<T> {
  return z.custom<T>((value) => {
    const found = isObject(value) ? (value as Readonly<Record<string, unknown>>) : {};
    return methods.every((method) => typeof found[method] === 'function');
  });
}
