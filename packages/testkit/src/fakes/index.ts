export { CallMeter, type OperationCount } from './call-meter.ts';
export {
  FakeDynamoDB,
  type FakeDynamoDBOptions,
  type FakeWrite,
} from './dynamodb/fake-dynamodb.ts';
export type { FakeTable } from './dynamodb/fake-table.ts';
export { fromStored } from './dynamodb/marshalling.ts';
export { FakeAws, type FakeAwsOptions, type FakeClients } from './fake-aws.ts';
export {
  type CallOutcome,
  type FakeCall,
  type FakeService,
  type FaultPlan,
  type FaultRates,
  NO_FAULTS,
  randomFaults,
  SOME_FAULTS,
  steady,
} from './fault-plan.ts';
export { Gate } from './gate.ts';
export { FakeQueue } from './messaging/fake-queue.ts';
export { FakeSns } from './messaging/fake-sns.ts';
export { type FakeRemoval, FakeSqs } from './messaging/fake-sqs.ts';
export { SeededRandom, seededEntropy } from './seeded-entropy.ts';
export {
  ConnectionLost,
  type OnPoint,
  type Point,
  SimulatedProcess,
  type SimulatedProcessDeps,
} from './simulated-process.ts';
export { flush, TestClock } from './test-clock.ts';
export { VirtualClock } from './virtual-clock.ts';
