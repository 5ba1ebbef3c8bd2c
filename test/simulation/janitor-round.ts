import type { SimulatedProcess } from '@a2a-aws/testkit/fakes';
import type { JanitorReport } from 'a2a-aws';
import { janitorRound as round } from '../../packages/a2a-aws/src/janitor/janitor.ts';
import { withCalls } from '../../packages/a2a-aws/src/options/aws-calls.ts';
import type { ServerOptions } from './server.ts';
import { PREFIX } from './server.ts';

/** The time limit of the function; milliseconds. */
const TIME_MS = 160_000;
/** Younger queues are not swept; milliseconds. The clocks of processes are up to 90 s off. */
const MIN_QUEUE_AGE_MS = 180_000;

/** One invocation of the scheduled janitor. */
export interface JanitorRound {
  readonly process: SimulatedProcess;
  /** The result of the round; undefined if it failed or was killed. */
  readonly report: Promise<JanitorReport | undefined>;
}

/** Runs the real janitor once in a process. */
export function janitorRound({
  process,
  deployment,
  entropy,
  pushes,
}: Pick<ServerOptions, 'process' | 'deployment' | 'entropy' | 'pushes'>): JanitorRound {
  const time = new AbortController();
  process.clock.after(TIME_MS, () => time.abort());
  const options = {
    ...deployment,
    prefix: PREFIX,
    entropy,
    minQueueAgeMs: MIN_QUEUE_AGE_MS,
  };
  const report = process
    .request(() =>
      withCalls((calls) => round(options, calls, time.signal, pushes?.webhooks(process))),
    )
    .catch(() => undefined);
  return { process, report };
}
