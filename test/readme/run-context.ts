import type { AgentExecutor } from '@a2a-js/sdk/server';
import { runContext } from 'a2a-aws';
import { executor as agent } from './agent.ts';

export const executor: AgentExecutor = {
  async execute(requestContext, eventBus) {
    const run = runContext(requestContext);
    await agent.execute(requestContext, eventBus);
    await run?.flush(); // every event published so far is durable
  },
  cancelTask: (taskId, eventBus) => agent.cancelTask(taskId, eventBus),
};
