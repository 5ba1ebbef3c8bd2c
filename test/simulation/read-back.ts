import type { FakeClients } from '@a2a-aws/testkit/fakes';

/** Counts the records of logs that a process has read from the table. */
export class ReadBack {
  #records = 0;

  get records(): number {
    return this.#records;
  }

  /** Returns the same clients, with their answers counted. */
  counting(clients: FakeClients): FakeClients {
    const through = clients.dynamodb.send as (...sent: unknown[]) => Promise<unknown>;
    const send = (...sent: unknown[]): Promise<unknown> => {
      const answer = through(...sent);
      answer.then(
        (told) => this.#count((told ?? {}) as { Items?: readonly Record<string, unknown>[] }),
        () => {},
      );
      return answer;
    };
    return { ...clients, dynamodb: { send } as unknown as FakeClients['dynamodb'] };
  }

  #count({ Items = [] }: { Items?: readonly Record<string, unknown>[] }): void {
    for (const { sk } of Items) if (textOf(sk).startsWith('event#')) this.#records += 1;
  }
}

/** Returns a sort key from the answer of either kind of client. */
function textOf(sk: unknown): string {
  return typeof sk === 'string' ? sk : String((sk as { readonly S?: string } | undefined)?.S);
}
