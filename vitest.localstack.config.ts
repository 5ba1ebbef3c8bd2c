import { defineConfig } from 'vitest/config';

const conditions = ['@a2a-aws/source'];

/** What runs against real LocalStack: slower, and only where it is to be had. */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: { name: 'localstack', include: ['test/localstack/**/*.test.ts'], fileParallelism: false },
});
