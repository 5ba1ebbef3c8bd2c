import { core, type PlantedBug, server, table } from './planted-bug.ts';

/** Who hears of what, and what is left behind. */
export const REACHING: readonly PlantedBug[] = [
  {
    name: 'runner-not-target',
    patches: [
      core(
        'feed/open-log.ts',
        '      ...[...openRuns(before), ...openRuns(step.state)].map(([, run]) => run.instance),\n',
        '',
      ),
    ],
  },
  {
    name: 'no-reconcile',
    patches: [core('feed/reconciler.ts', '!open.log.state.sealed)', 'open.users < 0)')],
  },
  {
    name: 'runner-not-reconciled',
    patches: [
      core(
        'feed/reconciler.ts',
        '!open.log.state.sealed)',
        '!open.log.state.sealed && open.taps > 0)',
      ),
    ],
  },
  {
    name: 'watch-after-read',
    patches: [
      server(
        'handler/request-handler.ts',
        `      // Watch first, then read: what was appended between is in one of the two.
      await open.watch.hold();
      watching = true;
      await open.log.refresh();
      assertLive(open);
`,
        `      await open.watch.hold();
      watching = true;
`,
      ),
    ],
  },
  {
    name: 'watch-not-told',
    patches: [
      server(
        'handler/request-handler.ts',
        '      open.announce();\n      yield* subscriberStream',
        '      yield* subscriberStream',
      ),
    ],
  },
  {
    name: 'watch-not-rung-back',
    patches: [
      core(
        'feed/feed.ts',
        'if (on && compareSlots(next, open.log.state.next) < 0) this.ringEnd(open, [instance]);',
        'if (on && compareSlots(next, open.log.state.next) > 0) this.ringEnd(open, [instance]);',
      ),
    ],
  },
  {
    name: 'clock-set-back',
    patches: [
      core(
        'clock.ts',
        'return now < then ? Number.POSITIVE_INFINITY : now - then;',
        'return now - then;',
      ),
    ],
  },
  {
    name: 'cancel-by-ring',
    patches: [
      core('instances/run.ts', "else if (step.state.cancelRequested) this.#stop('cancel');", ''),
      core(
        'feed/feed.ts',
        '    void this.#refresh(open);\n  }\n\n  /**\n   * Takes a record as',
        `    void this.#refresh(open).then(() => {
      if (open.log.state.cancelRequested) open.cancelled?.();
    });
  }

  /**
   * Takes a record as`,
      ),
      core(
        'feed/open-log.ts',
        '  runs = 0;\n',
        '  runs = 0;\n  cancelled: (() => void) | undefined;\n',
      ),
      core(
        'instances/run.ts',
        '    const unlisten = log.listen((step) => this.#onStep(step));',
        `    deps.open.cancelled = () => this.#stop('cancel');
    const unlisten = log.listen((step) => this.#onStep(step));`,
      ),
    ],
  },
  {
    name: 'watch-no-index',
    patches: [
      table(
        'dynamodb-instance-registry.ts',
        '    await this.#put(this.#keys.watchIndex(row), { ...row.key, watch: row.watch });\n',
        '',
      ),
    ],
  },
  {
    name: 'watch-index-at-once',
    patches: [
      table(
        'dynamodb-instance-registry.ts',
        'return this.#table.remove(this.#keys.watch(row));',
        'return this.#table.remove(this.#keys.watchIndex(row)).then(() => this.#table.remove(this.#keys.watch(row)));',
      ),
    ],
  },
  {
    name: 'no-own-sweep',
    patches: [core('instances/own-sweep.ts', '        await this.sweep();\n', '')],
  },
  {
    name: 'no-quarantine',
    patches: [
      core('instances/janitor.ts', 'await sleep(clock, settings.quarantineMs, signal);', ''),
    ],
  },
  {
    name: 'provision-no-recheck',
    patches: [
      core(
        'instances/own-doorbell.ts',
        'if (await registry.setAddress(instance, all, this.#revision)) return;',
        'await registry.setAddress(instance, all, this.#revision);\n    if (instance) return;',
      ),
    ],
  },
];
