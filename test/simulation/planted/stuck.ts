import { core, type PlantedBug } from './planted-bug.ts';

/** What a reader that stands still must not do to others, nor to the memory. */
export const HOLDING: readonly PlantedBug[] = [
  {
    name: 'keeps-all-for-the-slowest',
    patches: [
      core(
        'feed/recent-steps.ts',
        'if (this.#bytes <= RECENT_BYTES && !isOver) break;',
        'if (!isOver) break;',
      ),
    ],
  },
  {
    name: 'writer-waits-for-its-taps',
    patches: [
      core(
        'feed/open-log.ts',
        '    log.listen((step, own) => this.#onStep(step, own));',
        `    log.listen((step, own) => this.#onStep(step, own));
    log.lags = () => [...this.#taps.keys()].some((tap) => !tap.isCaughtUp);`,
      ),
      core(
        'log/task-log.ts',
        '        const outcome = await storage.putRecord(this.key, record);',
        `        while (this.lags?.()) await new Promise((resolve) => this.#deps.clock.after(50, resolve));
        const outcome = await storage.putRecord(this.key, record);`,
      ),
    ],
  },
  {
    name: 'receiver-waits-for-its-taps',
    patches: [
      core(
        'feed/open-log.ts',
        '    log.listen((step, own) => this.#onStep(step, own));',
        `    log.listen((step, own) => this.#onStep(step, own));
    log.lags = () => [...this.#taps.keys()].some((tap) => !tap.isCaughtUp);`,
      ),
      core(
        'feed/feed.ts',
        'if (compareSlots(doorbell.next, open.log.state.next) <= 0) return;',
        'if (open.log.lags() || compareSlots(doorbell.next, open.log.state.next) <= 0) return;',
      ),
      core(
        'feed/reconciler.ts',
        '!open.log.state.sealed)',
        '!open.log.state.sealed && !open.log.lags())',
      ),
    ],
  },
];
