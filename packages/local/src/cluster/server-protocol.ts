import type { BackendErrorCode, LeaseSettings } from '@a2a-aws/core';

/** The settings of a server process: the JSON text of its one argument. */
export interface ServerSettings {
  readonly name: string;
  /** Where the agent card says that the agent is: the load balancer. */
  readonly publicUrl: string;
  /** The file URL of the executor's module. */
  readonly executor: string;
  readonly lease: Partial<LeaseSettings>;
}

/** The one thing that a server process tells its parent: that it takes requests, or why not. */
export type ServerMessage =
  | { readonly port: number }
  | { readonly failed: BackendErrorCode; readonly reason: string };
