import { instanceRegistrySuite } from '@a2a-aws/testkit';
import { MemoryInstanceRegistry } from '../../src/memory/memory-instance-registry.ts';

instanceRegistrySuite('MemoryInstanceRegistry', async () => ({
  registry: new MemoryInstanceRegistry(),
  dispose: async () => {},
}));
