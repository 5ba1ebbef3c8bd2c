export { A2aBackend, type A2aBackendProps } from './a2a-backend.ts';
export { A2aJanitor, type A2aJanitorProps } from './a2a-janitor.ts';
export { A2aStack, type A2aStackProps } from './a2a-stack.ts';
export { A2aTable, type A2aTableProps } from './a2a-table.ts';
export { A2aTopic, type A2aTopicProps } from './a2a-topic.ts';
export { DeadLetterQueue } from './dead-letter-queue.ts';
export {
  type FanoutName,
  grantInstance,
  type InstanceResources,
  instancePolicyStatements,
} from './instance-policy.ts';
export { acknowledgeInstanceWildcards } from './instance-wildcards.ts';
export { janitorPolicyStatements } from './janitor-policy.ts';
