import { type DynamoDbEngine, startLocalAws } from '@a2a-aws/local';

/** A process that starts the AWS named by its first argument, tells of it, and never stops it. */
const local = await startLocalAws({ dynamodb: process.argv[2] as DynamoDbEngine });
process.stdout.write(`${JSON.stringify(local.env)}\n`);
