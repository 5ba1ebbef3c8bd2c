import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Cluster, type LocalAws, startLocalAws } from '@a2a-aws/local';
import { addresses } from './addresses.ts';
import { type DemoOptions, HELP, parseDemoOptions } from './demo-options.ts';
import { greet } from './own-agent.ts';
import { ALL_STEPS, runSteps } from './run-steps.ts';
import { startServers } from './start.ts';
import { seconds, Transcript } from './transcript.ts';

/** After this time the demo gives up. Stopping takes up to 20 s more. */
const LIMIT_MS = 65_000;

// The servers log between the lines of the demo, so they log warnings and errors only.
process.env = { A2A_LOG_LEVEL: 'warn', ...process.env };

const transcript = new Transcript((line) => process.stdout.write(`${line}\n`));
let aws: LocalAws | undefined;
let cluster: Cluster | undefined;

async function demo(options: DemoOptions): Promise<void> {
  const started = Date.now();
  const passed = (): string => seconds(Date.now() - started);
  transcript.text('a2a-aws demo: one agent, several servers, no sticky sessions');
  transcript.text();
  aws = await startLocalAws();
  transcript.fact(`DynamoDB, SNS and SQS on this machine after ${passed()}`);
  cluster = await startServers(options, aws, transcript);
  if (options.serve) {
    transcript.text(addresses(cluster));
    return new Promise(() => {});
  }
  if (options.executor === undefined) await runSteps(ALL_STEPS, cluster, transcript);
  else await greet(cluster, transcript);
  transcript.text();
  const { failed } = transcript;
  transcript.text(failed === 0 ? `All checks passed, in ${passed()}.` : `${failed} checks failed.`);
}

/** Resolves with the exit code when the time is over or a signal arrives. */
function cutShort(options: DemoOptions): Promise<number> {
  return new Promise((resolve) => {
    if (!options.serve) {
      setTimeout(() => {
        transcript.failure(`Given up after ${seconds(LIMIT_MS)}.`);
        transcript.close();
        resolve(1);
      }, LIMIT_MS);
    }
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      process.once(signal, () => {
        process.once(signal, () => kill(code));
        transcript.close();
        resolve(options.serve ? 0 : code);
      });
    }
  });
}

/** Returns the text of an error and of its causes. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\n    ${reason(error.cause)}`;
  return `${error.message}${cause}`;
}

function kill(code: number): void {
  for (const instance of cluster?.instances ?? []) instance.kill('SIGKILL');
  process.exit(code);
}

async function main(): Promise<number> {
  const { INIT_CWD: from } = process.env;
  const cwd = from || process.cwd();
  const options = parseDemoOptions(process.argv.slice(2), cwd);
  if ('help' in options) {
    process.stdout.write(HELP);
    return 0;
  }
  if ('invalid' in options) return refused(options.invalid);
  const { executor } = options;
  if (executor !== undefined && !isModule(executor)) return refused(`There is no ${executor}.`);
  try {
    const done = demo(options).then(() => (transcript.failed === 0 ? 0 : 1));
    return await Promise.race([done, cutShort(options)]);
  } catch (error) {
    transcript.failure(reason(error));
    return 1;
  } finally {
    await cluster?.stop();
    await aws?.stop();
  }
}

/** Returns true if the file exists. The name of an export may follow it after a `#`. */
function isModule(executor: string): boolean {
  const path = executor.startsWith('file:') ? fileURLToPath(executor) : executor;
  return existsSync(path) || existsSync(path.replace(/#[^#]*$/, ''));
}

function refused(why: string): number {
  process.stderr.write(`${why}\nSee npm run demo -- --help.\n`);
  return 2;
}

process.exit(await main());
