import { availableParallelism } from 'node:os';
import { expect, test, vi } from 'vitest';
import { PLANTED_BUGS } from '../simulation/planted-bugs.ts';
import { catchPlanted } from '../simulation/planted-search.ts';

// A bug that its recorded seed no longer catches needs a search.
vi.setConfig({ testTimeout: 600_000 });

const workers = availableParallelism();

test.each(PLANTED_BUGS)('the planted bug $name is caught', async (bug) => {
  expect((await catchPlanted(bug, { workers })).caught).toBeDefined();
});
