import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BackendError } from '@a2a-aws/core';
import type { AgentExecutor } from '@a2a-js/sdk/server';

/** The file URL of a module named by path (relative to the working directory) or by file URL. */
export function executorUrl(module: string | URL): string {
  const named = String(module);
  if (named === '') throw new BackendError('configuration', 'No executor module was named.');
  return named.startsWith('file:') ? named : pathToFileURL(resolve(named)).href;
}

/**
 * The module's default export if that is an executor, else an instance of it if that is a class.
 *
 * @throws BackendError `configuration` when the module cannot be loaded or exports neither.
 */
export async function loadExecutor(url: string): Promise<AgentExecutor> {
  let exported: unknown;
  try {
    exported = defaultExport(await import(url));
    if (typeof exported === 'function') exported = new (exported as new () => unknown)();
  } catch (cause) {
    throw new BackendError('configuration', 'The executor module cannot be loaded.', { cause });
  }
  if (isExecutor(exported)) return exported;
  throw new BackendError(
    'configuration',
    'The default export of the executor module must be an AgentExecutor, or a class of one.',
  );
}

/** A module compiled to CommonJS has its `default` inside of the one that `import` gives it. */
function defaultExport(module: { readonly default?: unknown }): unknown {
  const { default: exported } = module;
  return isRecord(exported) && 'default' in exported ? exported.default : exported;
}

function isExecutor(value: unknown): value is AgentExecutor {
  return (
    isRecord(value) && typeof value.execute === 'function' && typeof value.cancelTask === 'function'
  );
}

function isRecord(
  value: unknown,
): value is { default?: unknown; execute?: unknown; cancelTask?: unknown } {
  return typeof value === 'object' && value !== null;
}
