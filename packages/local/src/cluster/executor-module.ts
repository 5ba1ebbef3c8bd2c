import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { BackendError } from '@a2a-aws/core';
import type { AgentExecutor } from '@a2a-js/sdk/server';

/**
 * The URL of a module named by path (relative to the working directory) or by file URL. A name after
 * a `#` is the export to take: `./agent.ts#myExecutor`.
 *
 * @throws BackendError `configuration` when there is no such file.
 */
export function executorUrl(module: string | URL): string {
  const named = String(module);
  if (named === '') throw new BackendError('configuration', 'No executor module was named.');
  const url = named.startsWith('file:') ? new URL(named) : pathUrl(named);
  if (!existsSync(fileURLToPath(url))) {
    throw new BackendError(
      'configuration',
      `There is no executor module at ${fileURLToPath(url)}.`,
    );
  }
  return url.href;
}

/** A file may have a `#` in its own path. */
function pathUrl(named: string): URL {
  const at = existsSync(resolve(named)) ? -1 : named.lastIndexOf('#');
  if (at < 0) return pathToFileURL(resolve(named));
  const url = pathToFileURL(resolve(named.slice(0, at)));
  url.hash = named.slice(at);
  return url;
}

/**
 * An executor that a module exports, or an instance of it if it exports a class. The export is the
 * one that the URL names after a `#`, else the default export, else the only one that is an executor
 * or a class.
 *
 * @throws BackendError `configuration` when the module cannot be loaded, or has no such export; the
 * error then lists its exports.
 */
export async function loadExecutor(url: string): Promise<AgentExecutor> {
  const [module = '', name = ''] = url.split('#');
  const exports = await loaded(() => import(module).then(exportsOf));
  const exported = chosen(exports, decodeURIComponent(name));
  const value =
    typeof exported === 'function'
      ? await loaded(async () => new (exported as new () => unknown)())
      : exported;
  if (isExecutor(value)) return value;
  const subject = name === '' ? 'The executor module' : 'The export that was named';
  throw new BackendError(
    'configuration',
    `${subject} must give an AgentExecutor (an object with execute and cancelTask), or a class of one, ` +
      `as its default export, as its only one, or named like ./agent.ts#myExecutor. It exports ${listed(exports)}.`,
  );
}

async function loaded<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw new BackendError('configuration', 'The executor module cannot be loaded.', { cause });
  }
}

type Exports = Readonly<Record<string, unknown>>;

function chosen(exports: Exports, name: string): unknown {
  if (name !== '') return exports[name];
  const { default: byDefault } = exports;
  if (isExecutor(byDefault) || typeof byDefault === 'function') return byDefault;
  const fit = Object.values(exports).filter((value) => isExecutor(value) || isClass(value));
  return fit.length === 1 ? fit[0] : undefined;
}

/** A module compiled to CommonJS has its exports inside of the default that `import` gives it. */
function exportsOf(module: Exports): Exports {
  const { default: exported } = module;
  return isRecord(exported) && 'default' in exported ? exported : module;
}

function listed(exports: Exports): string {
  const all = Object.entries(exports).map(([name, value]) => `${name} (${kindOf(value)})`);
  return all.length === 0 ? 'nothing' : all.join(', ');
}

function kindOf(value: unknown): string {
  if (isExecutor(value)) return 'an AgentExecutor';
  if (isClass(value)) return 'a class';
  if (!isRecord(value)) return `a ${typeof value}`;
  const lacking = ['execute', 'cancelTask'].filter((name) => typeof value[name] !== 'function');
  return `an object without ${lacking.join(' and ')}`;
}

function isClass(value: unknown): boolean {
  return typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));
}

function isExecutor(value: unknown): value is AgentExecutor {
  return (
    isRecord(value) && typeof value.execute === 'function' && typeof value.cancelTask === 'function'
  );
}

function isRecord(
  value: unknown,
): value is Exports & { readonly execute?: unknown; readonly cancelTask?: unknown } {
  return typeof value === 'object' && value !== null;
}
