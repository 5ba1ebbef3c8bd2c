import type { StreamResponse } from '@a2a-js/sdk';

// The numbers of `TaskState`: an import of the enum would load the SDK.

/** Returns true for COMPLETED, FAILED, CANCELED and REJECTED. */
export function isTerminal(state: number): boolean {
  return state > 2 && state < 8 && state !== 6;
}

/** Returns true if the task has ended or waits for input. A task that waits for credentials goes on. */
export function isAtRest(state: number): boolean {
  return state > 2 && state < 8;
}

/** Fields of some kinds of events. */
interface EventShape {
  readonly id?: string;
  readonly taskId?: string;
  readonly status?: { readonly state: number } | undefined;
}

/** Returns the state that the event sets; 0 if it sets none. */
export function stateOf({ payload }: StreamResponse): number {
  return (payload?.value as EventShape | undefined)?.status?.state ?? 0;
}

/** Returns the id of the event's task; empty if it has none. */
export function taskIdOf({ payload }: StreamResponse): string {
  const event: EventShape | undefined = payload?.value;
  return event?.taskId || event?.id || '';
}
