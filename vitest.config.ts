import { defineConfig } from 'vitest/config';

const conditions = ['@a2a-aws/source'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    // Half of the tests wait for servers and leases: one worker per core keeps the cores busy.
    maxWorkers: '100%',
    projects: [
      { extends: true, test: { name: 'unit', include: ['packages/*/test/**/*.test.ts'] } },
      { extends: true, test: { name: 'infra', include: ['infra/test/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'wire',
          include: ['test/**/*.test.ts'],
          exclude: ['**/node_modules/**', 'test/dist/**', 'test/localstack/**'],
        },
      },
    ],
  },
});
