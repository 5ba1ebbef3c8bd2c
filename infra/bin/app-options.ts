import type { A2aStackProps, FanoutName } from '../src/index.ts';

const FANOUTS: readonly FanoutName[] = ['sns', 'direct', 'polling'];

/**
 * Reads the app's context values `janitor` and `fanout`, as given by `cdk -c NAME=VALUE`; an empty
 * one counts as unset.
 *
 * @throws Error that names the value and what it must be.
 */
export function appOptions(
  context: (name: string) => unknown,
): Required<Pick<A2aStackProps, 'janitor' | 'fanout'>> {
  const text = (name: string): string => String(context(name) ?? '');
  const janitor = text('janitor') || 'false';
  if (janitor !== 'true' && janitor !== 'false') throw wrong('janitor', 'true or false');
  const fanout = FANOUTS.find((name) => name === (text('fanout') || 'sns'));
  if (!fanout) throw wrong('fanout', FANOUTS.join(', '));
  return { janitor: janitor === 'true', fanout };
}

function wrong(name: string, expected: string): Error {
  return new Error(
    `The context value ${name} must be one of: ${expected}. Give it as -c ${name}=…`,
  );
}
