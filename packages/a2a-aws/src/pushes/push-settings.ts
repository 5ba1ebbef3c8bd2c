import * as z from 'zod';

/**
 * How notifications are pushed to the URLs that clients give; the same for the whole fleet. A
 * `pushNotificationSender` of your own uses only `maxConfigs` and `retryForMs`.
 */
export interface PushOptions {
  /**
   * The secret with which notifications are signed according to Standard Webhooks, or several secrets
   * while one replaces another. `whsec_` and 24 to 64 bytes in base64.
   * @default none: notifications are not signed
   */
  readonly signingSecret?: string | readonly string[] | undefined;
  /** True to accept `http` URLs, for development. @default false */
  readonly allowHttp?: boolean | undefined;
  /**
   * True to accept loopback and private addresses, for development and for receivers in a network of
   * your own. Link-local addresses and metadata services stay forbidden.
   * @default false
   */
  readonly allowPrivateAddresses?: boolean | undefined;
  /**
   * The hosts that may receive notifications, in lower case. `*.example.com` stands for every name that
   * ends with `.example.com`.
   * @default all
   */
  readonly allowedHosts?: readonly string[] | undefined;
  /** How many configurations a task may have, 1 to 100. @default 10 */
  readonly maxConfigs?: number | undefined;
  /** How long an attempt may take, in milliseconds. @default 5,000 */
  readonly timeoutMs?: number | undefined;
  /**
   * How long a notification is retried before its configuration counts as failed, in milliseconds.
   * @default 24 hours
   */
  readonly retryForMs?: number | undefined;
  /** How many calls an instance makes at the same time. @default 128 */
  readonly maxCalls?: number | undefined;
  /** How many of these calls go to the same host. @default 16 */
  readonly maxCallsPerHost?: number | undefined;
}

/** The options with their defaults filled in. */
export interface PushSettings {
  readonly signingSecret: readonly string[];
  readonly allowHttp: boolean;
  readonly allowPrivateAddresses: boolean;
  readonly allowedHosts?: readonly string[] | undefined;
  readonly maxConfigs: number;
  readonly timeoutMs: number;
  readonly retryForMs: number;
  readonly maxCalls: number;
  readonly maxCallsPerHost: number;
}

const DEFAULTS: PushSettings = {
  signingSecret: [],
  allowHttp: false,
  allowPrivateAddresses: false,
  maxConfigs: 10,
  timeoutMs: 5_000,
  retryForMs: 24 * 60 * 60_000,
  maxCalls: 128,
  maxCallsPerHost: 16,
};

const positive = z.number().int().positive();
const secret = z.string().refine((text) => {
  const [, base64 = ''] = /^whsec_(.+)$/.exec(text) ?? [];
  const bytes = Buffer.from(base64, 'base64');
  return bytes.length >= 24 && bytes.length <= 64 && bytes.toString('base64') === base64;
});

const options = z.strictObject({
  signingSecret: z.union([secret, z.array(secret).max(4)]).optional(),
  allowHttp: z.boolean().optional(),
  allowPrivateAddresses: z.boolean().optional(),
  allowedHosts: z.array(z.string().regex(/^(?:\*\.)?[a-z0-9.:_-]+$/)).optional(),
  maxConfigs: positive.max(100).optional(),
  timeoutMs: positive.optional(),
  retryForMs: positive.optional(),
  maxCalls: positive.optional(),
  maxCallsPerHost: positive.optional(),
});

/** The end of a sentence that begins with the option's name. */
export const PUSH_RULE: string =
  'has, as far as given, signingSecret (whsec_ and 24 to 64 bytes in base64, or several), allowHttp and ' +
  'allowPrivateAddresses (true or false), allowedHosts (names in lower case), maxConfigs (1 to 100), ' +
  'timeoutMs, retryForMs, maxCalls and maxCallsPerHost (whole numbers above 0)';

/** Returns whether a value follows {@link PUSH_RULE}. */
export function isPushOptions(value: unknown): value is PushOptions {
  return options.safeParse(value).success;
}

/** Returns the settings for these options. */
export function pushSettings({ signingSecret = [], ...options }: PushOptions): PushSettings {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...DEFAULTS, ...Object.fromEntries(given), signingSecret: [signingSecret].flat() };
}
