import { TaskState } from '@a2a-js/sdk';
import { TaskNotFoundError } from '@a2a-js/sdk/errors';
import type { Fleet } from './fleet.ts';
import { contextOf } from './simulated-client.ts';
import type { TaskTruth, Violate } from './task-truth.ts';

/** Every owner's list holds its tasks, as they are, and nobody else's; so do its reads (I9). */
export async function judgeLists(
  fleet: Fleet,
  owners: readonly string[],
  violate: Violate,
): Promise<void> {
  const server = fleet.pick();
  if (!server) return;
  const { handler, process } = server;
  const all = [...fleet.watch.tasks.values()].filter(({ hasTask }) => hasTask);
  for (const owner of owners) {
    const own = all.filter((truth) => truth.owner === owner);
    const listed = await fleet.clock.run(
      process.request(() => handler.listTasks(EVERYTHING, contextOf(owner))),
    );
    const found = listed.tasks.map(({ id, status }) => `${id} ${status?.state}`).sort();
    const wanted = own.map(({ taskId, state }) => `${taskId} ${state}`).sort();
    if (JSON.stringify(found) !== JSON.stringify(wanted)) {
      violate('list', `${owner} is told of ${found}, and has ${wanted}`);
    }
    for (const truth of all) {
      if (truth.owner !== owner) await judgeForeign(fleet, owner, truth, violate);
    }
  }
}

async function judgeForeign(
  fleet: Fleet,
  owner: string,
  { taskId }: TaskTruth,
  violate: Violate,
): Promise<void> {
  const server = fleet.pick();
  if (!server) return;
  const { handler, process } = server;
  try {
    await fleet.clock.run(
      process.request(() => handler.getTask({ tenant: '', id: taskId }, contextOf(owner))),
    );
    violate('I9', `${owner} reads the task ${taskId} of another`);
  } catch (error) {
    if (!(error instanceof TaskNotFoundError)) throw error;
  }
}

const EVERYTHING = {
  tenant: '',
  contextId: '',
  status: TaskState.TASK_STATE_UNSPECIFIED,
  pageSize: 100,
  pageToken: '',
  statusTimestampAfter: undefined,
};
