import { isPassingName } from '@a2a-aws/core/internal';

/** The outcome of one entry: `failed` may be tried again, `refused` never. */
export type EntryOutcome = 'taken' | 'failed' | 'refused';

/** The answer of PublishBatch or DeleteMessageBatch: a 200 that may hold failures. */
export interface BatchAnswer {
  readonly Successful?: readonly { readonly Id?: string | undefined }[] | undefined;
  readonly Failed?:
    | readonly {
        readonly Id?: string | undefined;
        readonly Code?: string | undefined;
        readonly SenderFault?: boolean | undefined;
      }[]
    | undefined;
}

/** The outcome of each of `count` entries whose ids are `0`, `1`, …; one that is not named failed. */
export function entryOutcomes(count: number, answer: BatchAnswer): EntryOutcome[] {
  const outcomes = new Array<EntryOutcome>(count).fill('failed');
  for (const { Id } of answer.Successful ?? []) outcomes[Number(Id)] = 'taken';
  for (const { Id, Code, SenderFault } of answer.Failed ?? []) {
    outcomes[Number(Id)] = SenderFault && !isPassingName(Code) ? 'refused' : 'failed';
  }
  return outcomes.slice(0, count);
}
