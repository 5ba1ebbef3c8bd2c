import { fanoutSuite } from '@a2a-aws/testkit';
import { MemoryFanout } from '../../src/feed/memory-fanout.ts';

fanoutSuite('MemoryFanout', { delivers: true }, async () => ({
  fanout: new MemoryFanout(new Map()),
  dispose: async () => {},
}));
