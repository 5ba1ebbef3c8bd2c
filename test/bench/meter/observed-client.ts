/** One call of an AWS SDK client, after all its attempts. `output` is `undefined` if it failed. */
export interface Call {
  readonly command: string;
  // biome-ignore lint/suspicious/noExplicitAny: the input of any command
  readonly input: any;
  // biome-ignore lint/suspicious/noExplicitAny: the output of any command
  readonly output: any;
}

/** The part of an AWS SDK client that an observer needs, whatever its commands are. */
export interface ObservedClient {
  readonly middlewareStack: {
    // biome-ignore lint/suspicious/noExplicitAny: each client types its stack by its own commands
    add(middleware: any, options: { step: 'build'; name: string }): void;
  };
}

type Next = (args: { readonly input: unknown }) => Promise<{ readonly output: unknown }>;

/** Calls `onCall` after every call. `name` distinguishes the observers of one client. */
export function observe(client: ObservedClient, name: string, onCall: (call: Call) => void): void {
  const watch =
    (next: Next, { commandName: command = '' }: { readonly commandName?: string }): Next =>
    async (args) => {
      try {
        const result = await next(args);
        onCall({ command, input: args.input, output: result.output });
        return result;
      } catch (error) {
        onCall({ command, input: args.input, output: undefined });
        throw error;
      }
    };
  // Retries come after this step, and a document client's items are marshalled before it.
  client.middlewareStack.add(watch, { step: 'build', name });
}
