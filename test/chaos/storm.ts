import type { SeededRandom } from '@a2a-aws/testkit/fakes';
import type { ChaosServer } from './chaos-server.ts';

/** What was done to the servers. */
export interface Blows {
  SIGKILL: number;
  SIGTERM: number;
  SIGSTOP: number;
}

/** Progress is reported once in so many blows. */
const REPORT_EVERY = 10;
/** Of a hundred blows, so many kill and so many ask to go; the others pause. */
const KILLS = 35;
const TERMS = 20;
/** Pauses from harmless to longer than any lease, in milliseconds. */
const PAUSE_MS = [100, 4_000] as const;
/** Between two blows, in milliseconds. */
const LULL_MS = [50, 500] as const;
/** Whoever comes back when nobody is left has so long to answer those who wait. */
const BREATH_MS = [200, 4_000] as const;

/** Strikes servers at random moments until so many blows have fallen; each comes back by itself. */
export async function storm(
  servers: readonly [ChaosServer, ...ChaosServer[]],
  count: number,
  random: SeededRandom,
  onProgress: (text: string) => void,
): Promise<Blows> {
  const blows: Blows = { SIGKILL: 0, SIGTERM: 0, SIGSTOP: 0 };
  const struck = new Map<ChaosServer, Promise<void>>();
  for (let blow = 0; blow < count; blow += 1) {
    await pause(random.whole(...LULL_MS));
    // At times nobody is left: then the next one to come back finishes what all of them left.
    if (struck.size === servers.length) {
      await Promise.race(struck.values());
      await pause(random.whole(...BREATH_MS));
    }
    const [first, ...rest] = servers.filter((server) => !struck.has(server));
    if (!first) throw new Error('There is no server.');
    const server = random.pick([first, ...rest]);
    const signal = signalOf(random);
    blows[signal] += 1;
    const back = strike(server, signal, random.whole(...PAUSE_MS)).finally(() =>
      struck.delete(server),
    );
    struck.set(server, back);
    if ((blow + 1) % REPORT_EVERY === 0) onProgress(`${blow + 1} of ${count}`);
  }
  await Promise.all(struck.values());
  return blows;
}

function signalOf(random: SeededRandom): keyof Blows {
  if (random.percent(KILLS)) return 'SIGKILL';
  return random.percent((100 * TERMS) / (100 - KILLS)) ? 'SIGTERM' : 'SIGSTOP';
}

/** Resolves when the server, or its successor, runs again. */
async function strike(server: ChaosServer, signal: keyof Blows, pauseMs: number): Promise<void> {
  server.kill(signal);
  if (signal === 'SIGSTOP') {
    await pause(pauseMs);
    server.kill('SIGCONT');
    return;
  }
  await server.gone();
  await server.start();
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
