import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const root = new URL('../../../', import.meta.url);

/** The names of all events that the packages log. */
function logged(): Set<string> {
  const names = new Set<string>();
  for (const name of ['core', 'dynamodb', 'sns-sqs', 'a2a-aws']) {
    const folder = new URL(`packages/${name}/src/`, root);
    for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts')) continue;
      const text = readFileSync(new URL(file, folder), 'utf8');
      for (const [, event] of text.matchAll(/\.(?:debug|info|warn|error)\(\s*'([a-z_.-]+)'/g)) {
        if (event?.includes('.')) names.add(event);
      }
      for (const [, step] of text.matchAll(/retryUntilDone\(\s*'([a-z.-]+)'/g)) {
        names.add(`${step}-retried`).add(`${step}-recovered`);
      }
      for (const [, failure = ''] of text.matchAll(/(?:RetriedStep|Retries)\(\s*'([a-z.-]+)'/g)) {
        names.add(failure).add(failure.replace(/(?:retried|failed)$/, 'recovered'));
      }
      for (const [, event = ''] of text.matchAll(/[.#]report\(\s*'([a-z.-]+)'/g)) names.add(event);
    }
  }
  return names;
}

test('an event is named in kebab case, after what it is about', () => {
  for (const name of logged()) expect(name).toMatch(/^[a-z-]+\.[a-z-]+$/);
});

test('docs/operations.md lists every event that is logged', () => {
  const page = readFileSync(new URL('docs/operations.md', root), 'utf8');
  const names = [...logged()];
  expect(names.length).toBeGreaterThan(20);
  expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

const PAGES = [
  'README.md',
  'CHANGELOG.md',
  'ARCHITECTURE.md',
  'infra/README.md',
  ...readdirSync(new URL('docs/', root), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

test.each(PAGES)('%s names no event that is not logged', (path) => {
  const names = logged();
  const subjects = new Set([...names].map((name) => name.split('.')[0]));
  const page = readFileSync(new URL(path, root), 'utf8');
  const events = [...page.matchAll(/[`"']([a-z]+\.[a-z]+(?:[-_][a-z]+)+)[`"']/g)]
    .map(([, name = '']) => name)
    .filter((name) => subjects.has(name.split('.')[0]));
  expect(events.filter((name) => !names.has(name))).toEqual([]);
});

test('every retried failure has a line for its recovery or is in the list below', () => {
  // One try each: a janitor, a sweep, an expiry or the next reader finds the rest.
  const final = [
    'instance.restart-failed', // instance.ready
    'instance.retire-failed',
    'instance.teardown-failed',
    'janitor.resign-failed', // a part of janitor.inspect-failed
    'run.executor-failed',
    'run.cancel-failed',
    'run.resume-failed',
    'snapshot.drop-failed',
    'watch.remove-failed',
    'head.repair-failed',
    'request.failed',
    'janitor.failed', // janitor.removed
    'hook.failed',
  ];
  const names = logged();
  const isFinal = new Set(final);
  const failures = [...names].filter((name) => /(?:failed|retried)$/.test(name));
  const silent = failures.filter((name) => {
    const [subject] = name.split('.');
    const recovered = name.replace(/(?:failed|retried)$/, 'recovered');
    return !isFinal.has(name) && !names.has(recovered) && !names.has(`${subject}.recovered`);
  });
  expect(silent).toEqual([]);
  expect(final.filter((name) => !names.has(name))).toEqual([]);
});
