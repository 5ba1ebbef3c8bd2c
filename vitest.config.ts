import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const conditions = ['@a2a-aws/source'];

/** The files that take longest; in a fresh clone vitest does not know them. */
const LONGEST = [
  '/test/chaos/',
  '/test/simulation/',
  '/test/lost-doorbell.',
  '/test/event-streams.',
  '/test/outage.',
  '/infra/test/janitor-bundle.',
  '/test/kill-each-call.',
  '/examples/demo/',
  '/test/silence.',
  '/test/cluster/',
  '/test/copied-table.',
];

/** Files that replace a module, a global or a variable of the environment. */
const ISOLATED = [
  'packages/a2a-aws/test/connections/connection-middleware.test.ts',
  'packages/a2a-aws/test/connections/joined-frames.test.ts',
  'packages/a2a-aws/test/logging/sinks.test.ts',
  'packages/a2a-aws/test/overload/loop-load.test.ts',
  'packages/a2a-aws/test/pushes/webhooks.test.ts',
  'packages/client/test/backoff.test.ts',
  'packages/client/test/resumable-with-cursors.test.ts',
  'packages/client/test/stores/browser-store.test.ts',
  'packages/dynamodb/test/clients.test.ts',
];

/** Starts the longest files first, so that no worker is left with one at the end. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST.findIndex((name) => moduleId.includes(name));
      return at < 0 ? LONGEST.length : at;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    // Half of the tests wait for servers and leases: more workers than cores keep the cores busy.
    maxWorkers: Math.ceil(availableParallelism() * 1.5),
    // A machine under load may take its time.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        // These files share what they have loaded: it takes longer to load than most of them to run.
        test: { name: 'core', include: ['packages/core/test/**/*.test.ts'], isolate: false },
      },
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['packages/{a2a-aws,client,dynamodb,testkit}/test/**/*.test.ts'],
          exclude: ['**/node_modules/**', ...ISOLATED],
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'isolated',
          include: ['packages/{local,sns-sqs}/test/**/*.test.ts', ...ISOLATED],
        },
      },
      {
        extends: true,
        test: { name: 'examples', include: ['examples/**/*.test.ts'] },
      },
      { extends: true, test: { name: 'infra', include: ['infra/test/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'wire',
          include: ['test/**/*.test.ts'],
          exclude: ['**/node_modules/**', 'test/dist/**', 'test/localstack/**', 'test/load/**'],
        },
      },
      {
        extends: true,
        // One after another, and apart from the other tests: the embedded DynamoDB serves one load at a
        // time.
        test: {
          name: 'load',
          include: ['test/load/**/*.test.ts'],
          maxWorkers: 1,
        },
      },
    ],
  },
});
