import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls';
import { isAllowedAddress } from './address-class.ts';
import type { ResolveHost } from './host-addresses.ts';

/** How long an idle connection is kept, in milliseconds, unless the receiver announces less. */
const IDLE_MS = 30_000;
/** The highest number of idle connections of all hosts. */
const MAX_IDLE = 64;
/** How long one address may take before the next one is tried, in milliseconds. */
const ADDRESS_MS = 1_000;

/** The address of a host, or the one that was connected, is forbidden. */
export class ForbiddenAddressError extends Error {
  constructor() {
    super('The address is forbidden.');
    this.name = 'ForbiddenAddressError';
  }
}

export interface ConnectionRules {
  readonly allowPrivateAddresses: boolean;
  readonly resolve: ResolveHost;
  /** The certificates to trust. @default those of node */
  readonly secureContext?: SecureContext | undefined;
}

/** The options of a request that reach the agent. */
interface ConnectionRequest {
  readonly host: string;
  readonly port: number;
  readonly servername: string;
  /** Aborts when the attempt ends. */
  readonly attempt: AbortSignal;
}

type Connected = (error: Error | null, socket: Duplex) => void;

/** The connections to receivers: only to allowed addresses, whatever a name server says. */
export interface GuardedAgents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

export function guardedAgents(rules: ConnectionRules): GuardedAgents {
  let context = rules.secureContext;
  const options = { keepAlive: true, timeout: IDLE_MS, scheduling: 'lifo' } as const;
  const http = new HttpAgent(options);
  const https = new HttpsAgent(options);
  limitIdle([http, https]);
  // Reading the certificates takes milliseconds.
  const trusted = (): SecureContext => {
    context ??= createSecureContext();
    return context;
  };
  const connect =
    (secure: boolean) =>
    (options: unknown, connected: Connected): undefined => {
      const request = options as ConnectionRequest;
      connectGuarded(request, rules, (error, socket) => {
        if (error || !socket) connected(error ?? new ForbiddenAddressError(), undefined as never);
        else connected(null, secure ? encrypt(socket, request, trusted()) : socket);
      });
    };
  Object.assign(http, { createConnection: connect(false) });
  Object.assign(https, { createConnection: connect(true) });
  return { http, https };
}

/** Calls back once, with a connection over which no byte has gone. */
function connectGuarded(
  { host, port, attempt }: ConnectionRequest,
  { allowPrivateAddresses, resolve }: ConnectionRules,
  connected: (error: Error | undefined, socket?: Socket) => void,
): void {
  const isAllowed = (address: string): boolean => isAllowedAddress(address, allowPrivateAddresses);
  // A literal address is not looked up.
  if (isIP(host) && !isAllowed(host)) {
    connected(new ForbiddenAddressError());
    return;
  }
  const lookup: LookupFunction = (name, _options, done) => {
    resolve(name).then(
      (addresses) => {
        if (!addresses.every(isAllowed)) return done(new ForbiddenAddressError(), '');
        // Node throws for an empty list.
        if (addresses.length === 0) return done(new Error('The host has no address.'), '');
        done(
          null,
          addresses.map((address) => ({ address, family: isIP(address) })),
        );
      },
      (error: Error) => done(error, ''),
    );
  };
  const socket = connectTcp({
    host,
    port,
    lookup,
    noDelay: true,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: ADDRESS_MS,
  });
  const stop = (error?: Error): void => {
    attempt.removeEventListener('abort', abort);
    socket.removeListener('error', stop);
    socket.destroy();
    // An error may still follow.
    socket.on('error', () => {});
    connected(error ?? new Error('The attempt has ended.'));
  };
  const abort = (): void => stop();
  attempt.addEventListener('abort', abort, { once: true });
  socket.once('error', stop);
  socket.once('connect', () => {
    attempt.removeEventListener('abort', abort);
    socket.removeListener('error', stop);
    if (isAllowed(socket.remoteAddress ?? '')) connected(undefined, socket);
    else {
      socket.destroy();
      connected(new ForbiddenAddressError());
    }
  });
}

function encrypt(
  socket: Socket,
  { host, servername }: ConnectionRequest,
  context: SecureContext,
): Duplex {
  return connectTls({
    socket,
    // The certificate's name, if the host is an address.
    host,
    servername,
    secureContext: context,
    ALPNProtocols: ['http/1.1'],
  });
}

function limitIdle(agents: readonly HttpAgent[]): void {
  for (const agent of agents) {
    const keep = agent.keepSocketAlive.bind(agent) as (socket: Duplex) => unknown;
    agent.keepSocketAlive = (socket: Duplex) =>
      // The agent reads this answer, which its type does not mention.
      (idleIn(agents) < MAX_IDLE && keep(socket)) as never;
  }
}

function idleIn(agents: readonly HttpAgent[]): number {
  return agents
    .flatMap((agent) => Object.values(agent.freeSockets))
    .reduce((sum, sockets) => sum + (sockets?.length ?? 0), 0);
}
