import { fanoutSuite } from '@a2a-aws/testkit';
import { MemoryFanout, type MemoryQueues } from '../../src/memory/memory-fanout.ts';

fanoutSuite('MemoryFanout', { delivers: true, loses: ['queue', 'subscription'] }, async () => {
  const queues: MemoryQueues = new Map();
  return {
    fanout: new MemoryFanout(queues),
    peer: () => new MemoryFanout(queues),
    lose: async (part, instance) => {
      const queue = queues.get(instance);
      if (part === 'queue') queues.delete(instance);
      else if (queue) queue.subscribed = false;
    },
    dispose: async () => {},
  };
});
