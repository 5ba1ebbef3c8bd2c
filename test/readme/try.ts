import { startLocalAws } from '@a2a-aws/local';
import { createBackend } from 'a2a-aws';

const aws = await startLocalAws(); // DynamoDB, SNS and SQS from npm packages, on loopback
const backend = createBackend({ ...aws, instanceId: 'laptop' });
await backend.start();
