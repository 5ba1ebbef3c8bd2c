import { systemClock } from '@a2a-aws/core';
import { sleep } from '@a2a-aws/core/internal';
import {
  AgentEvent,
  type AgentExecutor,
  type ExecutionEventBus,
  type RequestContext,
} from '@a2a-js/sdk/server';
import { Turn } from '../../fixtures/scripted-agent.ts';
import { chunk, words } from './payload.ts';

/** A message that makes the agent send a report before it asks again. */
export const REPORT = 'Report.';
/** The chunks of a report, the pause after each in milliseconds, and the characters of each. */
const CHUNKS = 1_500;
const PAUSE_MS = 10;
const TEXT = 200;

/**
 * Answers each message with a question; after {@link REPORT}, sends {@link CHUNKS} chunks first.
 */
export class AskingAgent implements AgentExecutor {
  readonly execute = async (request: RequestContext, bus: ExecutionEventBus): Promise<void> => {
    const { taskId, contextId, userMessage } = request;
    const [part] = userMessage.parts;
    if (part?.content?.$case === 'text' && part.content.value === REPORT) {
      for (let at = 0; at < CHUNKS; at += 1) {
        bus.publish(AgentEvent.artifactUpdate(chunk(taskId, contextId, words(TEXT, at), at > 0)));
        await sleep(systemClock, PAUSE_MS);
      }
    }
    new Turn(request, bus).status('INPUT_REQUIRED');
  };

  readonly cancelTask = async (): Promise<void> => {};
}
