import type { LocalAws } from '@a2a-aws/local';
import type { TokenOrder } from '../agent/token-agent.ts';
import type { OverloadingClients } from '../process/overloading-clients.ts';
import { ProcessLink } from '../process/process-link.ts';
import type { TokenServer } from '../process/token-server.ts';
import type { Row } from '../row.ts';
import { TARGETS } from '../targets.ts';

/** A shorter overload is enough to try a change. */
const SECONDS = Number(process.env.BENCH_OVERLOAD_SECONDS ?? 60);
/** A stream of five seconds. */
const ORDER: TokenOrder = { tokens: 150, everyMs: 33 };
/** Five times as many streams as a core serves, `tokenStreams`, begin in the time of one stream. */
const PER_SECOND = (5 * TARGETS.tokenStreams.atLeast * 1_000) / (ORDER.tokens * ORDER.everyMs);

/** Measures an instance that gets five times as many new runs as it can handle. */
export async function overload(aws: LocalAws): Promise<Row[]> {
  const links = ['./token-server-process.ts', './overloading-clients-process.ts'].map(
    (module) => new ProcessLink<object>(module, aws.env),
  );
  const [server, clients] = links.map(({ remote }) => remote) as [
    ProcessLink<TokenServer>['remote'],
    ProcessLink<OverloadingClients>['remote'],
  ];
  try {
    const url = await server.serveBackend('overload', 'A');
    const before = await server.state();
    await clients.assault(url, { perSecond: 5, seconds: 3, order: { ...ORDER, tokens: 30 } });
    const answers = await clients.assault(url, {
      perSecond: Math.round(PER_SECOND),
      seconds: SECONDS,
      order: ORDER,
    });
    const after = await server.state();
    await server.stop();
    const group = `${SECONDS} s of ${Math.round(PER_SECOND)} new streams a second, of ${ORDER.tokens} tokens ${ORDER.everyMs} ms apart`;
    const none = { atMost: 0 };
    const deaths = before.instance === after.instance ? 0 : 1;
    return [
      { group, label: 'accepted', value: answers.accepted, unit: 'runs' },
      { group, label: 'refused with 503 and Retry-After', value: answers.refused, unit: 'runs' },
      { group, label: 'other answers', value: answers.wrong, unit: 'runs', target: none },
      {
        group,
        label: 'connections that failed',
        value: answers.unanswered,
        unit: 'runs',
        target: none,
      },
      { group, label: 'events of accepted runs lost', value: answers.lost, unit: '', target: none },
      { group, label: 'instances declared dead', value: deaths, unit: '', target: none },
      {
        group,
        label: 'the largest age of the lease',
        value: after.maxLeaseAgeMs / 1_000,
        unit: 's',
      },
      {
        group,
        label: 'a new run is accepted after the end within',
        value: answers.recoverySeconds,
        unit: 's',
        target: TARGETS.overloadRecoverySeconds,
      },
    ];
  } finally {
    await Promise.all(links.map((link) => link.close()));
  }
}
