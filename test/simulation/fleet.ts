import type { Scope } from '@a2a-aws/core';
import { joinKey } from '@a2a-aws/core/internal';
import {
  type CallOutcome,
  type FakeAws,
  type FakeCall,
  type FakeService,
  type FaultPlan,
  type FaultRates,
  NO_FAULTS,
  type OnPoint,
  randomFaults,
  SeededRandom,
  type SimulatedProcess,
  seededEntropy,
  type VirtualClock,
} from '@a2a-aws/testkit/fakes';
import { FakeDeployment } from '../fixtures/fake-deployment.ts';
import type { ExpectedTask, Violate } from './expected-task.ts';
import { type JanitorRound, janitorRound } from './janitor-round.ts';
import { PushWatch, type ReceiverMood } from './push-watch.ts';
import { ReadBack } from './read-back.ts';
import { RemovalWatch } from './removal-watch.ts';
import { createServer, PREFIX, type Server, TABLE } from './server.ts';
import { type Execution, SimulatedAgent } from './simulated-agent.ts';
import { TableWatch } from './table-watch.ts';

/** Bytes of a page: fewer than DynamoDB's, so that a load takes several pages. */
const PAGE_BYTES = 2_500;
/** A server of a second fleet that failed to start is started again after this time; milliseconds. */
const RESTART_MS = 1_000;

/** A process that cannot reach a service for a while. */
export interface Partition {
  readonly process: string;
  readonly service: FakeService;
  /** Milliseconds of the fleet's clock. */
  readonly until: number;
}

/** Services that no process can reach for a while. */
export interface Outage {
  readonly services: readonly FakeService[];
  /** Milliseconds of the fleet's clock. */
  readonly until: number;
}

/** A table, with the servers that run on it. */
export interface FleetTable {
  readonly name: string;
  readonly watch: TableWatch;
  readonly servers: readonly Server[];
}

/** A copy of the fleet's table, on which servers of a second fleet run. */
interface TableCopy extends FleetTable {
  readonly servers: Server[];
  readonly executions: Execution[];
}

export interface FleetOptions {
  readonly seed: number;
  readonly names: readonly string[];
  readonly violate: Violate;
  readonly onOrphan: 'fail' | 'resume';
  /** The agent can push. */
  readonly pushes: boolean;
  /** New subscriptions receive messages at once. */
  readonly hearsAtOnce: boolean;
}

/** A server's place in the world. */
interface Place {
  readonly name: string;
  /** Names the process. */
  readonly life: string;
  /** The error of its clock; milliseconds. */
  readonly skewMs: number;
  readonly tableName: string;
  readonly executions: Execution[];
}

/** A receiver of push notifications in good health. */
export const ACCEPTS: ReceiverMood = { ms: 20, answer: 'accepts' };

/** Named server processes on one AWS and one clock. A process that ends is started again. */
export class Fleet {
  readonly watch: TableWatch;
  readonly pushes: PushWatch;
  readonly executions: Execution[] = [];
  readonly random: SeededRandom;
  rates: FaultRates = NO_FAULTS;
  partitions: Partition[] = [];
  readonly outages: Outage[] = [];
  onPoint: OnPoint = () => {};
  /** False while ended servers are not restarted. */
  restarts = true;
  /** Returns the outcome of a call that a schedule determines; undefined leaves it to chance. */
  callOutcome: (call: FakeCall) => CallOutcome | undefined = () => undefined;
  /** Returns how the receiver of a push notification behaves. */
  receiverMood: () => ReceiverMood = () => ACCEPTS;
  readonly #options: FleetOptions;
  readonly #copies: TableCopy[] = [];
  readonly #deployment: FakeDeployment;
  readonly #servers = new Map<string, Server>();
  readonly #lives = new Map<string, number>();
  readonly #skews = new Map<string, number>();

  constructor(options: FleetOptions) {
    this.#options = options;
    this.random = new SeededRandom(options.seed);
    this.pushes = new PushWatch({
      tasks: () => this.watch.tasks.values(),
      violate: options.violate,
      mood: () => this.receiverMood(),
    });
    this.watch = this.#watchOf(TABLE);
    const watches = (): TableWatch[] => this.tables.map(({ watch }) => watch);
    this.#deployment = new FakeDeployment(TABLE, {
      topics: ['events'],
      faults: this.#faults(),
      pageBytes: PAGE_BYTES,
      onWrite: (write) => {
        for (const watch of watches()) watch.onWritten(write);
      },
      onRemoval: new RemovalWatch(watches, options.violate).onRemoval,
    });
    for (const name of options.names) {
      this.#skews.set(name, this.random.whole(-90_000, 90_000));
      this.#boot(name);
    }
  }

  get clock(): VirtualClock {
    return this.#deployment.clock;
  }

  get aws(): FakeAws {
    return this.#deployment.aws;
  }

  /** Servers whose process runs, ready or not. */
  get servers(): Server[] {
    return [...this.#servers.values()];
  }

  /** The fleet's table, and its copies. */
  get tables(): FleetTable[] {
    return [{ name: TABLE, watch: this.watch, servers: this.servers }, ...this.#copies];
  }

  /** Copies the table as it is now, like the restore of a backup. */
  copyTable(): FleetTable {
    const name = `${TABLE}-copy-${this.#copies.length}`;
    this.aws.dynamodb.copyTable(TABLE, name);
    const copy = { name, watch: this.#watchOf(name), servers: [], executions: [] };
    copy.watch.adopt();
    this.#copies.push(copy);
    return copy;
  }

  /** Starts a server of a second fleet on a copy. It executes no run of the first fleet. */
  startOn(table: FleetTable): void {
    const copy = this.#copies.find(({ name }) => name === table.name);
    if (!copy) throw new Error('There is no such copy.');
    const { name: tableName, executions } = copy;
    const count = (this.#lives.get(copy.name) ?? 0) + 1;
    this.#lives.set(copy.name, count);
    const name = `R${count - 1}`;
    const server = this.#server({ name, life: name, skewMs: 0, tableName, executions });
    copy.servers.push(server);
    server.start().catch(() => {
      server.process.crash();
      copy.servers.splice(copy.servers.indexOf(server), 1);
      this.clock.after(RESTART_MS, () => this.startOn(copy));
    });
  }

  expected({ tenant, owner }: Scope, taskId: string): ExpectedTask | undefined {
    return this.watch.task(joinKey(PREFIX, 'T', tenant, owner, taskId));
  }

  /** Returns a server as a load balancer would choose it, but not `avoid`. */
  pick(avoid?: SimulatedProcess): Server | undefined {
    const soon = this.clock.now() + 50;
    const able = this.servers.filter(
      (server) =>
        server.process !== avoid &&
        server.process.pausedUntil <= soon &&
        server.instance() !== undefined,
    );
    const [first, ...others] = able;
    return first && this.random.pick([first, ...others]);
  }

  /** Ends a process as kill -9 does; another takes its place. */
  crash(process: SimulatedProcess): void {
    if (process.isCrashed) return;
    process.crash();
    const name = this.#nameOf(process);
    this.#servers.delete(name);
    this.clock.after(this.random.whole(300, 9_000), () => {
      if (this.restarts) this.#boot(name);
    });
  }

  /** Ends a process as SIGTERM does. */
  terminate(server: Server, drainMs: number): void {
    void server.stop(drainMs).then(() => this.crash(server.process));
  }

  /** A round of the scheduled janitor, in a process of its own. */
  janitor(name: string): JanitorRound {
    const random = this.random.fork();
    const process = this.#deployment.process(name, {
      random,
      skewMs: random.whole(-90_000, 90_000),
      onPoint: (...at) => this.onPoint(...at),
    });
    const entropy = seededEntropy(name, random.whole(0, 2 ** 31));
    return janitorRound({
      pushes: this.#options.pushes ? this.pushes : undefined,
      process,
      deployment: this.#deployment.options(process),
      entropy,
    });
  }

  #nameOf(process: SimulatedProcess): string {
    const found = [...this.#servers].find(([, server]) => server.process === process);
    return found?.[0] ?? process.name;
  }

  #boot(name: string): void {
    if (this.#servers.has(name)) return;
    const count = (this.#lives.get(name) ?? 0) + 1;
    this.#lives.set(name, count);
    const life = `${name}${count}`;
    const skewMs = this.#skews.get(name) ?? 0;
    const { executions } = this;
    const server = this.#server({ name, life, skewMs, tableName: TABLE, executions });
    this.#servers.set(name, server);
    // A process that cannot start ends, and is started again.
    server.start().catch(() => this.crash(server.process));
  }

  #server({ name, life, skewMs, tableName, executions }: Place): Server {
    const random = this.random.fork();
    const readBack = new ReadBack();
    const process = this.#deployment.process(life, {
      random,
      clients: readBack.counting(this.aws.clients(life)),
      skewMs,
      onPoint: (...at) => this.onPoint(...at),
    });
    return createServer({
      name,
      process,
      readBack,
      deployment: { ...this.#deployment.options(process), tableName },
      entropy: seededEntropy(life, random.whole(0, 2 ** 31)),
      executor: new SimulatedAgent(process.name, process.clock, random, executions),
      // The second fleet fails the copied runs, so that none is executed twice.
      onOrphan: tableName === TABLE ? this.#options.onOrphan : 'fail',
      pushes: this.#options.pushes ? this.pushes : undefined,
    });
  }

  #watchOf(table: string): TableWatch {
    const now = (): number => this.clock.now();
    return new TableWatch(() => this.aws, table, now, this.#options.violate);
  }

  #faults(): FaultPlan {
    const faults = randomFaults(this.random.fork(), () => this.rates);
    return {
      ...faults,
      subscriptionLag: () => (this.#options.hearsAtOnce ? 0 : faults.subscriptionLag()),
      call: (call) => {
        const now = this.clock.now();
        const isCut = this.partitions.some(
          ({ process, service, until }) =>
            now < until && process === call.caller && service === call.service,
        );
        const isDown = this.outages.some(
          ({ services, until }) => now < until && services.includes(call.service),
        );
        if (isCut || isDown) return { acts: [], answers: 1_000, fails: 'time-out' };
        return this.callOutcome(call) ?? faults.call(call);
      },
    };
  }
}
