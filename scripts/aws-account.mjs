/**
 * node scripts/aws-account.mjs [arguments of `cdk deploy`]
 *
 * Finds out whether the AWS SDK finds credentials and a region here, as `cdk deploy` will. Says what
 * to set, and exits with 1, if it does not. It heeds the argument `--profile`, and leaves the
 * question to CDK if the arguments ask for help or a plugin, which may have its own credentials.
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { SQSClient } = createRequire(join(root, 'packages/sns-sqs/package.json'))(
  '@aws-sdk/client-sqs',
);

/** A host without the metadata service of EC2 may let its requests wait. */
const LIMIT_MS = 10_000;

const HELP = `
Credentials, one of:
  AWS_PROFILE=NAME                              a profile of ~/.aws (of SSO: after "aws sso login")
  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY      and AWS_SESSION_TOKEN with temporary ones
The region:
  AWS_REGION=eu-west-1                          or "region" in the profile

The account need not be bootstrapped, but for the janitor (-c janitor=true): npx cdk bootstrap
"npm run synth" shows the template without credentials.`;

const args = process.argv.slice(2);
if (args.some((arg) => /^(-h|--help|--plugin(=.*)?)$/.test(arg))) process.exit();
const [, profile] = /(?:^| )--profile[= ](\S+)/.exec(args.join(' ')) ?? [];
if (profile) process.env.AWS_PROFILE = profile;

const config = new SQSClient({}).config;
const region = process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION;
const missing = [
  ...((await found(() => config.credentials())) ? [] : ['credentials']),
  ...(region || (await found(() => config.region())) ? [] : ['a region']),
];
if (missing.length > 0) {
  console.error(`Deploying needs ${missing.join(' and ')} of AWS; none found.\n${HELP}`);
  process.exitCode = 1;
}
// The SDK may still be waiting for a host that does not answer.
process.exit();

async function found(look) {
  const late = new Promise((resolve) => setTimeout(resolve, LIMIT_MS, undefined));
  return (await Promise.race([look().catch(() => undefined), late])) !== undefined;
}
