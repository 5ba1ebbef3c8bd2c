/** How instances live and die. All in milliseconds. */
export interface LeaseSettings {
  /** How often an instance beats. @default 5,000 */
  readonly beatMs: number;
  /** Unseen for this long an instance is declared dead. @default 20,000 */
  readonly leaseMs: number;
  /** Between the two passes over a dead instance: longer than any request of it can be under way. @default 30,000 */
  readonly quarantineMs: number;
}

export const DEFAULT_LEASE_SETTINGS: LeaseSettings = {
  beatMs: 5_000,
  leaseMs: 20_000,
  quarantineMs: 30_000,
};
