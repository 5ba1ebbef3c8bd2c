import { joinKey, type Logger, type Scope } from '@a2a-aws/core';
import { tableDefinition } from '@a2a-aws/dynamodb';
import {
  FakeAws,
  type FakeCall,
  type FakeService,
  type Fate,
  type FaultPlan,
  type FaultRates,
  NO_FAULTS,
  type OnPoint,
  randomFaults,
  SeededRandom,
  SimulatedProcess,
  seededEntropy,
  VirtualClock,
} from '@a2a-aws/testkit/fakes';
import { type JanitorRound, janitorRound } from './janitor-round.ts';
import { PushWatch } from './push-watch.ts';
import { ReadBack } from './read-back.ts';
import { type Execution, SimulatedAgent } from './scripted-agent.ts';
import { createServer, PREFIX, type Server, TABLE } from './server.ts';
import { TableWatch } from './table-watch.ts';
import type { TaskTruth, Violate } from './task-truth.ts';

/** Bytes of a page: fewer than DynamoDB's, so that loads take several. */
const PAGE_BYTES = 2_500;

/** A way between a process and a service that is closed for a while. */
export interface Partition {
  readonly process: string;
  readonly service: FakeService;
  /** Milliseconds of the fleet's clock. */
  readonly until: number;
}

/** Services that nobody reaches for a while. */
export interface Outage {
  readonly services: readonly FakeService[];
  /** Milliseconds of the fleet's clock. */
  readonly until: number;
}

export interface FleetOptions {
  readonly seed: number;
  readonly names: readonly string[];
  readonly violate: Violate;
  readonly onOrphan: 'fail' | 'resume';
  readonly logger: Logger;
  /** The agent can push. */
  readonly pushes: boolean;
  /** New subscriptions hear at once. */
  readonly hearsAtOnce: boolean;
}

/** Server processes by name, each started anew when it has ended, on one AWS and one clock. */
export class Fleet {
  readonly clock: VirtualClock = new VirtualClock();
  readonly aws: FakeAws;
  readonly watch: TableWatch;
  readonly pushes: PushWatch;
  readonly executions: Execution[] = [];
  readonly random: SeededRandom;
  rates: FaultRates = NO_FAULTS;
  partitions: Partition[] = [];
  readonly outages: Outage[] = [];
  onPoint: OnPoint = () => {};
  /** False while nobody starts a server anew that has ended. */
  restarts = true;
  /** What becomes of a call, where a schedule wants something particular. */
  fate: (call: FakeCall) => Fate | undefined = () => undefined;
  readonly #options: FleetOptions;
  readonly #topicArn: string;
  readonly #servers = new Map<string, Server>();
  readonly #lives = new Map<string, number>();
  readonly #skews = new Map<string, number>();

  constructor(options: FleetOptions) {
    this.#options = options;
    this.random = new SeededRandom(options.seed);
    this.pushes = new PushWatch({
      truth: (scope, taskId) => this.truth(scope, taskId),
      violate: options.violate,
    });
    this.watch = new TableWatch(
      () => this.aws,
      () => this.clock.now(),
      options.violate,
    );
    this.aws = new FakeAws({
      clock: this.clock,
      faults: this.#faults(),
      tables: [tableDefinition(TABLE)],
      pageBytes: PAGE_BYTES,
      onWrite: this.watch.onWritten,
    });
    this.#topicArn = this.aws.sns.createTopic('events');
    for (const name of options.names) {
      this.#skews.set(name, this.random.whole(-90_000, 90_000));
      this.#boot(name);
    }
  }

  /** Servers whose process is there, ready or not. */
  get servers(): Server[] {
    return [...this.#servers.values()];
  }

  truth({ tenant, owner }: Scope, taskId: string): TaskTruth | undefined {
    return this.watch.task(joinKey(PREFIX, 'T', tenant, owner, taskId));
  }

  /** A server as a load balancer would choose it, another than `avoid`. */
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
    const clients = this.aws.clients(name);
    const random = this.random.fork();
    const { clock } = this;
    const process = new SimulatedProcess({
      name,
      clock,
      random,
      clients,
      skewMs: random.whole(-90_000, 90_000),
      onPoint: (...at) => this.onPoint(...at),
    });
    const entropy = seededEntropy(name, random.whole(0, 2 ** 31));
    return janitorRound({
      process,
      topicArn: this.#topicArn,
      entropy,
      logger: this.#options.logger,
    });
  }

  #nameOf(process: SimulatedProcess): string {
    const found = [...this.#servers].find(([, server]) => server.process === process);
    return found?.[0] ?? process.name;
  }

  #boot(name: string): void {
    if (this.#servers.has(name)) return;
    const life = (this.#lives.get(name) ?? 0) + 1;
    this.#lives.set(name, life);
    const random = this.random.fork();
    const readBack = new ReadBack();
    const process = new SimulatedProcess({
      name: `${name}${life}`,
      clock: this.clock,
      random,
      clients: readBack.counting(this.aws.clients(`${name}${life}`)),
      skewMs: this.#skews.get(name) ?? 0,
      onPoint: (...at) => this.onPoint(...at),
    });
    const server = createServer({
      name,
      process,
      readBack,
      topicArn: this.#topicArn,
      entropy: seededEntropy(`${name}${life}`, random.whole(0, 2 ** 31)),
      logger: this.#options.logger,
      executor: new SimulatedAgent(process.name, process.clock, random, this.executions),
      onOrphan: this.#options.onOrphan,
      pushes: this.#options.pushes ? this.pushes : undefined,
    });
    this.#servers.set(name, server);
    // A process that cannot start ends, and is started again.
    server.start().catch(() => this.crash(process));
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
        return this.fate(call) ?? faults.call(call);
      },
    };
  }
}
