import type { FakeService } from './fault-plan.ts';
import type { Wire } from './wire.ts';

/** How a fake does one kind of command. */
export interface CommandDoer {
  readonly operation: string;
  readonly writes: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: the input of any command
  act(input: any, context: ActContext): unknown;
}

/** The facts that a service knows of a call besides its input. */
export interface ActContext {
  readonly caller: string;
  /** The percentage of the entries of a batch that will fail. */
  readonly failedEntries: number;
}

type CommandClass = abstract new (...input: never[]) => { readonly input: unknown };

/** By the command's class. */
export type Commands = ReadonlyMap<unknown, CommandDoer>;

interface Command {
  readonly input: unknown;
}

interface SendOptions {
  readonly abortSignal?: AbortSignal | undefined;
}

const operations = new Map<unknown, string>();

/** Returns the operation of a command, as the service names it: `PutItem`. */
export function operationOf(command: object): string {
  return operations.get(command.constructor) ?? '';
}

/** The handler of a fake for commands of a class. */
export function command<C extends CommandClass>(
  type: C,
  operation: string,
  writes: boolean,
  act: (input: InstanceType<C>['input'], context: ActContext) => unknown,
): [CommandClass, CommandDoer] {
  operations.set(type, operation);
  return [type, { operation, writes, act }];
}

/** A client whose `send` carries commands over the wire to the fake service. */
export function commandsClient<Client>(
  wire: Wire,
  service: FakeService,
  caller: string,
  commands: Commands,
): Client {
  const send = async (sent: Command, { abortSignal }: SendOptions = {}): Promise<unknown> => {
    const doer = commands.get(sent.constructor);
    if (!doer) throw new Error(`This fake does not know ${sent.constructor.name}.`);
    const { operation, writes } = doer;
    return wire.carry(
      { service, operation, writes, caller, input: sent.input },
      (failedEntries) => doer.act(sent.input, { caller, failedEntries }),
      abortSignal,
    );
  };
  // The clients' `send` has an overload for each command and for callbacks, which are not used
  // here.
  return { send } as Client;
}
