import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';

/** How long a name server may take to answer, in milliseconds; it is asked twice. */
const ANSWER_MS = 1_500;
/** More addresses of a host than these are not tried. */
const MAX_ADDRESSES = 8;

/** Returns the addresses of a host, the best first. */
export type ResolveHost = (host: string) => Promise<readonly string[]>;

/**
 * Asks DNS for the addresses of hosts. It does not use `dns.lookup`, whose calls share four threads with
 * the rest of the process: hosts with slow name servers would stop the calls to AWS. It therefore
 * ignores the hosts file and the search domains.
 */
export class HostAddresses {
  readonly #servers: readonly string[] | undefined;
  #resolver: Resolver | undefined;

  /** `servers`: name servers with their ports. @default those of the machine */
  constructor(servers?: readonly string[]) {
    this.#servers = servers;
  }

  readonly resolve: ResolveHost = async (host) => {
    if (isIP(host)) return [host];
    if (isLocalName(host)) return ['127.0.0.1', '::1'];
    const resolver = this.#resolverOf();
    const questions = [resolver.resolve4(host), resolver.resolve6(host)];
    const answers = await Promise.allSettled(questions);
    const found = answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    // IPv4 first: many networks have IPv6 addresses and no route.
    return found.flatMap((all) => all.slice(0, MAX_ADDRESSES / 2));
  };

  /** Gives up the questions that are open, so that they do not keep the process alive. */
  cancel(): void {
    this.#resolver?.cancel();
  }

  #resolverOf(): Resolver {
    if (this.#resolver) return this.#resolver;
    this.#resolver = new Resolver({ timeout: ANSWER_MS, tries: 2 });
    if (this.#servers) this.#resolver.setServers(this.#servers);
    return this.#resolver;
  }
}

/** Returns whether a name is one that always stands for this machine (RFC 6761). */
export function isLocalName(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost');
}
