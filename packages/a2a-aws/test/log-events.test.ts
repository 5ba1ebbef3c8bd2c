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
      for (const [, step] of text.matchAll(/untilDone\(\s*'([a-z.-]+)'/g)) {
        names.add(`${step}-retried`).add(`${step}-recovered`);
      }
      for (const [, failure = ''] of text.matchAll(/RetriedStep\(\s*'([a-z.-]+)'/g)) {
        names.add(failure).add(failure.replace(/(?:retried|failed)$/, 'recovered'));
      }
      for (const [, event = ''] of text.matchAll(/\.report\(\s*'([a-z.-]+)'/g)) names.add(event);
    }
  }
  return names;
}

test('an event is named in kebab case, after what it is about', () => {
  for (const name of logged()) expect(name).toMatch(/^[a-z-]+\.[a-z-]+$/);
});

test('docs/operations.md tells of every event that is logged', () => {
  const page = readFileSync(new URL('docs/operations.md', root), 'utf8');
  const names = [...logged()];
  expect(names.length).toBeGreaterThan(20);
  expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});
