import type { Cluster } from '@a2a-aws/local';
import type { StreamResponse, TaskStatus } from '@a2a-js/sdk';
import { clientAt, saying, stateName } from './agent-client.ts';
import { stopServers } from './stop.ts';
import { inTime } from './task-watch.ts';
import type { Transcript } from './transcript.ts';

/** The time limit for an answer of an unknown agent, in milliseconds. */
const LIMIT_MS = 45_000;

/** States that do not say that the agent did its work. */
const UNSUCCESSFUL = new Set(['FAILED', 'REJECTED', 'CANCELED']);

/**
 * Sends an agent of the user's own one message through the load balancer, prints each event, and
 * stops the cluster. The transcript has a failure unless the agent answered, or if its task failed.
 */
export async function greet(cluster: Cluster, transcript: Transcript): Promise<void> {
  transcript.text();
  transcript.text('"Hello" through the load balancer');
  const client = await clientAt(cluster.url);
  let events = 0;
  let last: TaskStatus | undefined;
  const read = async (): Promise<void> => {
    for await (const event of client.sendMessageStream(saying('Hello'))) {
      events += 1;
      transcript.text(`    ${described(event)}`);
      last = statusOf(event) ?? last;
    }
  };
  try {
    await inTime(LIMIT_MS, 'the end of the answer', read());
    transcript.fact(`the stream has ended; events: ${events}`, ['any events', events > 0, true]);
    const state = stateName(last?.state);
    if (UNSUCCESSFUL.has(state)) {
      transcript.failure(`the task is ${state}: ${text(last?.message)}`);
      if (state === 'FAILED') transcript.text('      if the agent threw, the log above says what');
    }
  } catch (error) {
    transcript.failure(error instanceof Error ? error.message : 'The stream broke.');
  }
  await stopServers(cluster, cluster.instances, transcript);
}

function statusOf({ payload }: StreamResponse): TaskStatus | undefined {
  const isStatus = payload?.$case === 'task' || payload?.$case === 'statusUpdate';
  return isStatus ? payload.value.status : undefined;
}

function described({ payload }: StreamResponse): string {
  switch (payload?.$case) {
    case 'task':
      return `task      ${stateName(payload.value.status?.state)}`;
    case 'statusUpdate':
      return `status    ${stateName(payload.value.status?.state)} ${text(payload.value.status?.message)}`;
    case 'artifactUpdate':
      return `artifact  ${text(payload.value.artifact)}`;
    case 'message':
      return `message   ${text(payload.value)}`;
    default:
      return 'something unknown';
  }
}

/** The text parts of a message or an artifact on one line. */
function text(
  from: { readonly parts: readonly { readonly content?: unknown }[] } | undefined,
): string {
  return JSON.stringify(
    (from?.parts ?? []).map(({ content }) => (content as { value?: unknown })?.value),
  );
}
