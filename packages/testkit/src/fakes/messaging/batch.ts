import { FakeServiceError } from '../service-fault.ts';

/** Entries of one batch (Amazon SNS, "PublishBatch"; Amazon SQS, "SendMessageBatch"). */
const MAX_ENTRIES = 10;
const BILLED_BYTES = 64 * 1024;

interface BatchEntry {
  readonly Id?: string | undefined;
}

/** An entry that failed: the service's fault, another try may succeed, or the sender's. */
interface FailedEntry {
  readonly Id: string;
  readonly Code: string;
  readonly SenderFault: boolean;
}

/** The answer to a batch: a success that may hold failures. */
export interface BatchAnswer<S> {
  readonly $metadata: Record<string, never>;
  readonly Successful: S[];
  readonly Failed: FailedEntry[];
}

/**
 * Executes each entry of a batch. An entry fails if `act` throws an error of the service; the
 * others do not.
 */
export function batchAnswer<E extends BatchEntry, S>(
  entries: readonly E[] = [],
  fails: () => boolean,
  act: (entry: E, id: string) => S,
): BatchAnswer<S> {
  assertBatch(entries);
  const answer: BatchAnswer<S> = { $metadata: {}, Successful: [], Failed: [] };
  for (const entry of entries) {
    const id = entry.Id ?? '';
    if (fails()) {
      answer.Failed.push({ Id: id, Code: 'InternalError', SenderFault: false });
      continue;
    }
    try {
      answer.Successful.push(act(entry, id));
    } catch (error) {
      if (!(error instanceof FakeServiceError)) throw error;
      answer.Failed.push({ Id: id, Code: error.name, SenderFault: true });
    }
  }
  return answer;
}

/** Requests that are billed for so many bytes (Amazon SNS and SQS, "Pricing"). */
export function billedRequests(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / BILLED_BYTES));
}

function assertBatch(entries: readonly BatchEntry[]): void {
  if (entries.length === 0) throw fault('EmptyBatchRequest');
  if (entries.length > MAX_ENTRIES) throw fault('TooManyEntriesInBatchRequest');
  const ids = entries.map(({ Id = '' }) => Id);
  if (new Set(ids).size < ids.length) throw fault('BatchEntryIdsNotDistinct');
  if (ids.some((id) => !/^[\w-]{1,80}$/.test(id))) throw fault('InvalidBatchEntryId');
}

function fault(name: string): FakeServiceError {
  return new FakeServiceError(name, 'The batch is not valid.', 400);
}
