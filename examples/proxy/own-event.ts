import type { StreamResponse, Task, TaskStatus } from '@a2a-js/sdk';
import { AgentEvent, type AgentExecutionEvent, type RequestContext } from '@a2a-js/sdk/server';
import { RESUMABLE_STREAMS } from 'a2a-aws';

/** The key in the metadata of the proxy's task, under which the place in the agent's stream is. */
const PLACE = 'proxy/place';

/** The place in the agent's stream after the last event that was forwarded. */
export interface Place {
  /** The name of the stream, and the position in it, as the client's store is told them. */
  readonly key: string;
  readonly position: string;
  /** The agent's task and context, for follow-up messages and cancels. */
  readonly taskId: string;
  readonly contextId: string;
}

/** Returns the place that the proxy's task contains: the metadata of an event is kept in its task. */
export function placeIn(task: Task | undefined): Place | undefined {
  return task?.metadata?.[PLACE] as Place | undefined;
}

/** Returns the agent's event as one of the proxy's task, with the place after it. */
export function ownEvent(
  { payload }: StreamResponse,
  request: RequestContext,
  place: Place,
): AgentExecutionEvent | undefined {
  const { taskId, contextId } = request;
  const own = { taskId, contextId };
  const metadata = ownMetadata(payload?.value.metadata, place);
  /** A status may contain a message, which names its task. */
  const ownStatus = (status: TaskStatus | undefined): TaskStatus | undefined =>
    status?.message ? { ...status, message: { ...status.message, ...own } } : status;
  switch (payload?.$case) {
    case 'task': {
      const status = ownStatus(payload.value.status);
      const { history = [] } = request.task ?? {};
      const { artifacts } = payload.value;
      return AgentEvent.task({ id: taskId, contextId, status, artifacts, history, metadata });
    }
    case 'statusUpdate': {
      const status = ownStatus(payload.value.status);
      return AgentEvent.statusUpdate({ ...own, status, metadata });
    }
    case 'artifactUpdate':
      return AgentEvent.artifactUpdate({ ...payload.value, ...own, metadata });
    case 'message':
      return AgentEvent.message({ ...payload.value, ...own });
    default:
      return undefined;
  }
}

/** Returns the metadata without the agent's cursors, which are not those of the proxy's task. */
function ownMetadata(metadata: Task['metadata'], place: Place): Task['metadata'] {
  const kept = Object.entries(metadata ?? {}).filter(
    ([name]) => !name.startsWith(RESUMABLE_STREAMS),
  );
  return { ...Object.fromEntries(kept), [PLACE]: place };
}
