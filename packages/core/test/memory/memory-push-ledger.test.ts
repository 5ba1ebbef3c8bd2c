import { pushLedgerSuite } from '@a2a-aws/testkit';
import { MemoryPushLedger } from '../../src/memory/memory-push-ledger.ts';

pushLedgerSuite('MemoryPushLedger', async () => ({
  ledger: new MemoryPushLedger(),
  dispose: async () => {},
}));
