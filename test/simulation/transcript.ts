import { eventStatus } from '@a2a-aws/core/internal';
import { TaskState } from '@a2a-js/sdk';
import type { Fleet } from './fleet.ts';
import type { SimulatedClient } from './simulated-client.ts';

/** Returns the events of a schedule, as lines for debugging: its logs, clients and executions. */
export function transcriptOf(fleet: Fleet, clients: readonly SimulatedClient[]): string[] {
  const lines: string[] = [];
  for (const { name, records, state } of fleet.watch.tasks.values()) {
    lines.push(`${name}: ${TaskState[state ?? 0]}`);
    for (const { slot, instance, entries } of records) {
      const told = entries.map((entry) => {
        if (entry.kind === 'event') {
          const status = eventStatus(entry.event);
          const what = status ? TaskState[status.state] : 'ARTIFACT';
          return `${entry.event.kind} ${what} of ${entry.run ?? 'no run'}`;
        }
        const { kind, ...rest } = entry;
        return `${kind} ${JSON.stringify({ ...rest, message: undefined })}`;
      });
      lines.push(`  ${slot.generation}/${slot.part} ${instance}: ${told.join('; ')}`);
    }
  }
  for (const { name, outcome, taskId, doneAt } of clients) {
    lines.push(`${name}: ${outcome}, task ${taskId}, at ${doneAt}`);
  }
  for (const { process, messageId, stops, done } of fleet.executions) {
    lines.push(`${process} executes ${messageId}: ${stops} stops, ${done ? 'done' : 'not done'}`);
  }
  return lines;
}
