import { defineConfig } from 'vitest/config';

const conditions = ['@a2a-aws/source'];

/** The tests on real LocalStack: slower, and only where LocalStack is available. */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: { name: 'localstack', include: ['test/localstack/**/*.test.ts'], fileParallelism: false },
});
