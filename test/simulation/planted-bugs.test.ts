import { expect, test, vi } from 'vitest';
import { PLANTED_BUGS } from './planted-bugs.ts';
import { catchPlanted } from './planted-search.ts';

// A bug that its recorded seed no longer catches needs a search.
vi.setConfig({ testTimeout: 600_000 });

test.each(PLANTED_BUGS)('the planted bug $name is caught', async (bug) => {
  expect((await catchPlanted(bug, { workers: 1 })).caught).toBeDefined();
});
