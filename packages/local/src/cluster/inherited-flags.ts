/** Flags that select the program of this process, or bind a port of its own. */
const OWN = /^--(inspect|input-type|eval|print)\b|^-(e|p|pe)$/;
/** Those among them whose value may be the next argument. */
const WITH_VALUE = /^(--(eval|print|input-type)|-(e|p|pe))$/;

/** The flags of node that a child of this process needs to load the same modules. */
export function inheritedFlags(flags: readonly string[]): string[] {
  return flags.filter((flag, index) => {
    const before = flags[index - 1];
    return !OWN.test(flag) && !(before !== undefined && WITH_VALUE.test(before));
  });
}
