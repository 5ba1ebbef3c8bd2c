import type { Fanout, FanoutAddress } from '@a2a-aws/core';

/** Promises of an implementation beyond the port. The suite tests those that are declared. */
export interface FanoutCapabilities {
  /** False if no message is ever delivered, so that readers must read the logs themselves. */
  readonly delivers: boolean;
  /** The parts that another program may delete, and that are then created again. @default none */
  readonly loses?: readonly FanoutPart[];
  /** True if the fan-out depends on a service that may be down. @default false */
  readonly hasOutages?: boolean;
}

/** The endpoint of an instance: its queue, and the subscription that fills it. */
export type FanoutPart = 'queue' | 'subscription';

/** A fan-out with no provisioned endpoint, and a way to remove it. */
export interface FanoutUnderTest {
  readonly fanout: Fanout;
  /** Deletes a part of an instance's endpoint, as another program would. Needed if it `loses` any. */
  lose?(part: FanoutPart, instance: string, address: FanoutAddress): Promise<void>;
  /**
   * Returns the fan-out of another instance of the fleet. `addressOf` resolves with the address in
   * an instance's lease. Needed if it `loses` queues.
   */
  peer?(addressOf: (instance: string) => Promise<FanoutAddress | undefined>): Fanout;
  /** Begins an outage of all services, or ends it. Needed if it `hasOutages`. */
  setDown?(isDown: boolean): void;
  dispose(): Promise<void>;
}
