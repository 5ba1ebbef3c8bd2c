import { isAbsolute, resolve } from 'node:path';
import { parseArgs } from 'node:util';

export interface DemoOptions {
  readonly serve: boolean;
  readonly instances: number;
  readonly port: number;
  /** An absolute path or a file URL, and perhaps `#` and an export. @default the demo's own counting agent */
  readonly executor?: string;
}

export const HELP = `Usage: npm run demo -- [options]

Starts an AWS of npm packages, server processes of one A2A agent and a load balancer, all on
127.0.0.1, and shows with real clients that every server can serve every task. Exits with 0 only if
all checks passed. It ends within 90 seconds.

  --serve            start the servers and keep them running until Ctrl-C; a second Ctrl-C kills them
  --instances N      server processes, 2 to 26 (default 3)
  --port P           the load balancer's port (default: a free one)
  --executor FILE    your own agent: a module that exports an AgentExecutor or a class of one, as
                     its default export, as its only export, or by name:
                     ./agent.ts#myExecutor. The demo's checks count the events of its own
                     agent. Yours gets one message ("Hello") through the load balancer, and
                     its answer is printed. With --serve, send it any messages.
  --help             this text
`;

/** Returns the options in the arguments. Relative paths begin at `cwd`. */
export function parseDemoOptions(
  args: readonly string[],
  cwd: string,
): DemoOptions | { readonly help: true } | { readonly invalid: string } {
  let values: ReturnType<typeof parse>;
  try {
    values = parse(args);
  } catch (error) {
    return { invalid: (error as Error).message };
  }
  if (values.help) return { help: true };
  const instances = whole(values.instances, 2, 26);
  if (instances === undefined) return { invalid: '--instances must be a number from 2 to 26.' };
  const port = whole(values.port, 0, 65_535);
  if (port === undefined) return { invalid: '--port must be a number from 0 to 65535.' };
  const { executor } = values;
  if (executor === '') return { invalid: '--executor must name a file.' };
  return {
    serve: values.serve,
    instances,
    port,
    ...(executor === undefined ? {} : { executor: path(executor, cwd) }),
  };
}

function whole(text: string, least: number, most: number): number | undefined {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return number >= least && number <= most ? number : undefined;
}

function path(file: string, cwd: string): string {
  return isAbsolute(file) || file.startsWith('file:') ? file : resolve(cwd, file);
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      serve: { type: 'boolean', default: false },
      instances: { type: 'string', default: '3' },
      port: { type: 'string', default: '0' },
      executor: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  }).values;
}
