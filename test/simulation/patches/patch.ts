/**
 * One change to the product's code: in the declaration `symbol` (`elapsed`, `TaskLog.append`,
 * `TaskLog.#write`, `TaskLog.constructor`), at the one place that `pattern` matches there.
 */
export interface Patch {
  readonly symbol: string;
  /** See `matches`. Empty: the body of the function, or the value of the constant. */
  readonly pattern: string;
  /** Applies to the place that the pattern matches, or to the statement around it. */
  readonly change: 'replace' | 'remove' | 'before' | 'after' | 'begin';
  /** The new code. It may use the pattern's wildcards, and `$MATCH` for the matched code. */
  readonly text: string;
}

/** Puts other code in the place. */
export function replace(symbol: string, pattern: string, text: string): Patch {
  return { symbol, pattern, change: 'replace', text };
}

/** Leaves a statement out, or a call: then it does nothing and returns undefined. */
export function remove(symbol: string, pattern: string): Patch {
  return { symbol, pattern, change: 'remove', text: '' };
}

/** Makes a condition true, whatever it says. */
export function always(symbol: string, condition: string): Patch {
  return replace(symbol, condition, 'true');
}

/** Makes a condition false, whatever it says. */
export function never(symbol: string, condition: string): Patch {
  return replace(symbol, condition, 'false');
}

/** Adds code before the statement that the place is in. */
export function before(symbol: string, pattern: string, text: string): Patch {
  return { symbol, pattern, change: 'before', text };
}

/** Adds code after the statement that the place is in. */
export function after(symbol: string, pattern: string, text: string): Patch {
  return { symbol, pattern, change: 'after', text };
}

/** Does this only if the condition holds. */
export function onlyIf(symbol: string, pattern: string, condition: string): Patch {
  return before(symbol, pattern, `if (${condition})`);
}

/** Adds code where a function begins. */
export function begin(symbol: string, text: string): Patch {
  return { symbol, pattern: '', change: 'begin', text };
}

/** Gives a constant another value. */
export function set(symbol: string, value: string): Patch {
  return { symbol, pattern: '', change: 'replace', text: value };
}
