import type { SeededRandom } from '@a2a-aws/testkit/fakes';
import { pause } from '../fixtures/eventually.ts';
import type { ChaosServer } from './chaos-server.ts';

/** How many signals of each kind were sent to servers. */
export interface SentSignals {
  SIGKILL: number;
  SIGTERM: number;
  SIGSTOP: number;
}

/** Progress is reported once per this many signals. */
const REPORT_EVERY = 10;
/** The numbers of kills and of requests to stop among a hundred signals; the others pause. */
const KILLS = 35;
const TERMS = 20;
/** Pauses from harmless to longer than any lease, in milliseconds. */
const PAUSE_MS = [100, 4_000] as const;
/** The pause between two signals, in milliseconds. */
const GAP_MS = [50, 500] as const;
/** After all servers were gone, the first that returns has this long to answer, in milliseconds. */
const RECOVERY_MS = [200, 4_000] as const;

/** Sends `count` signals to servers at random moments, and restarts or wakes each server afterwards. */
export async function sendSignals(
  servers: readonly [ChaosServer, ...ChaosServer[]],
  count: number,
  random: SeededRandom,
  onProgress: (text: string) => void,
): Promise<SentSignals> {
  const sent: SentSignals = { SIGKILL: 0, SIGTERM: 0, SIGSTOP: 0 };
  const down = new Map<ChaosServer, Promise<void>>();
  for (let n = 0; n < count; n += 1) {
    await pause(random.whole(...GAP_MS));
    // At times no server is left. The next one that returns then finishes the work of all.
    if (down.size === servers.length) {
      await Promise.race(down.values());
      await pause(random.whole(...RECOVERY_MS));
    }
    const [first, ...rest] = servers.filter((server) => !down.has(server));
    if (!first) throw new Error('There is no server.');
    const server = random.pick([first, ...rest]);
    const signal = signalOf(random);
    sent[signal] += 1;
    const back = interrupt(server, signal, random.whole(...PAUSE_MS)).finally(() =>
      down.delete(server),
    );
    down.set(server, back);
    if ((n + 1) % REPORT_EVERY === 0) onProgress(`${n + 1} of ${count}`);
  }
  await Promise.all(down.values());
  return sent;
}

/** Replaces one server after the other, as a rolling deployment does. */
export async function replaceAll(servers: Iterable<ChaosServer>): Promise<void> {
  for (const server of servers) {
    server.kill('SIGTERM');
    await server.gone();
    await server.start();
  }
}

function signalOf(random: SeededRandom): keyof SentSignals {
  if (random.percent(KILLS)) return 'SIGKILL';
  return random.percent((100 * TERMS) / (100 - KILLS)) ? 'SIGTERM' : 'SIGSTOP';
}

/** Interrupts a server. Resolves when it, or its successor, runs again. */
async function interrupt(
  server: ChaosServer,
  signal: keyof SentSignals,
  pauseMs: number,
): Promise<void> {
  server.kill(signal);
  if (signal === 'SIGSTOP') {
    await pause(pauseMs);
    server.kill('SIGCONT');
    return;
  }
  await server.gone();
  await server.start();
}
