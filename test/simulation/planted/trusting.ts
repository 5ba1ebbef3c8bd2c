import { core, type PlantedBug } from './planted-bug.ts';

/** What is believed without a proof. */
export const TRUSTING: readonly PlantedBug[] = [
  {
    name: 'no-authentication',
    patches: [
      core(
        'feed/doorbell-seal.ts',
        "  if (!key) return 'unknown-key';",
        "  if (!key || seal) return 'authentic';",
      ),
    ],
  },
  {
    name: 'mac-not-compared',
    patches: [
      core(
        'feed/doorbell-seal.ts',
        'given.length === expected.length && timingSafeEqual(given, expected)',
        'given.length === expected.length',
      ),
      core('feed/doorbell-seal.ts', 'keys.find(({ id }) => id === seal.key)', 'keys[0]'),
    ],
  },
  {
    name: 'canary-without-mac',
    patches: [
      core(
        'feed/feed.ts',
        "    if (heard === 'unauthenticated') {",
        `    if (heard === 'unauthenticated') {
      if (text.includes('"kind":"canary"')) {
        this.#health.returned(this.#deps.clock.now() - 1, this.#deps.clock.now());
      }`,
      ),
    ],
  },
  {
    name: 'appends-on-what-messages-brought',
    patches: [
      core(
        'log/task-log.ts',
        '    return this.#reader.isGone || this.#confirmation.isWhole(this.state.next);',
        '    return this.#reader.isGone || this.#confirmation.slot !== undefined;',
      ),
    ],
  },
  {
    name: 'table-not-compared',
    patches: [
      core(
        'log/task-log.ts',
        'if (!this.#confirmation.matches(this.#comparing)) return false;',
        '',
      ),
    ],
  },
];
