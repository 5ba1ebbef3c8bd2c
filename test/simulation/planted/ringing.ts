import { core, type PlantedBug, table } from './planted-bug.ts';

/** What an instance does about its doorbell. */
export const RINGING: readonly PlantedBug[] = [
  {
    name: 'lost-queue-not-replaced',
    patches: [
      core(
        'feed/doorbell-step.ts',
        "  if (doorbell?.isLost || fault === 'name-taken') return 'replace';",
        "  if (doorbell?.isLost) return 'wait';\n  if (fault === 'name-taken') return 'replace';",
      ),
    ],
  },
  {
    name: 'lost-subscription-not-noticed',
    patches: [
      core(
        'instances/own-doorbell.ts',
        'const isConfirmed = await fanout.confirm(instance, this.#address);',
        'const isConfirmed = (await fanout.confirm(instance, this.#address)) || true;',
      ),
      core(
        'feed/doorbell-step.ts',
        'export const SILENT_MS = 12_000;',
        'export const SILENT_MS = 1e12;',
      ),
    ],
  },
  {
    name: 'new-queue-not-in-the-lease',
    patches: [core('instances/own-doorbell.ts', '    await this.#write(next, former);\n', '')],
  },
  {
    name: 'former-queues-not-read',
    patches: [
      table(
        'dynamodb-instance-registry.ts',
        'subscriptionArn, former: left }',
        'subscriptionArn, former: undefined }',
      ),
    ],
  },
  {
    name: 'ready-only-with-a-doorbell',
    patches: [
      core(
        'instances/instance.ts',
        '    void this.doorbell.keep();\n',
        `    void this.doorbell.keep();
    while (!this.feed.doorbell && !this.#end.signal.aborted) {
      await new Promise((go) => clock.after(500, () => go(undefined)));
    }
`,
      ),
    ],
  },
];
