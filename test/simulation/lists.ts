import type { Scope } from '@a2a-aws/core';
import { TaskState } from '@a2a-js/sdk';
import { TaskNotFoundError } from '@a2a-js/sdk/errors';
import type { ExpectedTask, Violate } from './expected-task.ts';
import type { Fleet } from './fleet.ts';
import { contextOf } from './simulated-requests.ts';

/** Checks that each owner can list and read its own tasks, as they are, and no others (I9). */
export async function checkLists(
  fleet: Fleet,
  scopes: readonly Scope[],
  violate: Violate,
): Promise<void> {
  const server = fleet.pick();
  if (!server) return;
  const { handler, process } = server;
  const all = [...fleet.watch.tasks.values()].filter(({ hasTask }) => hasTask);
  for (const scope of scopes) {
    const name = nameOf(scope);
    const own = all.filter((expected) => nameOf(expected.scope) === name);
    const listed = await fleet.clock.run(
      process.request(() => handler.listTasks(EVERYTHING, contextOf(scope))),
    );
    const found = listed.tasks.map(({ id, status }) => `${id} ${status?.state}`).sort();
    const wanted = own.map(({ taskId, state }) => `${taskId} ${state}`).sort();
    if (JSON.stringify(found) !== JSON.stringify(wanted)) {
      violate('list', `${name} lists ${found}, but has ${wanted}`);
    }
    for (const expected of all) {
      if (nameOf(expected.scope) !== name) await checkForeign(fleet, scope, expected, violate);
    }
  }
}

async function checkForeign(
  fleet: Fleet,
  scope: Scope,
  { taskId }: ExpectedTask,
  violate: Violate,
): Promise<void> {
  const server = fleet.pick();
  if (!server) return;
  const { handler, process } = server;
  try {
    await fleet.clock.run(
      process.request(() => handler.getTask({ tenant: '', id: taskId }, contextOf(scope))),
    );
    violate('I9', `${nameOf(scope)} reads the task ${taskId} of another`);
  } catch (error) {
    if (!(error instanceof TaskNotFoundError)) throw error;
  }
}

function nameOf({ tenant, owner }: Scope): string {
  return `${owner} of '${tenant}'`;
}

const EVERYTHING = {
  tenant: '',
  contextId: '',
  status: TaskState.TASK_STATE_UNSPECIFIED,
  pageSize: 100,
  pageToken: '',
  statusTimestampAfter: undefined,
};
