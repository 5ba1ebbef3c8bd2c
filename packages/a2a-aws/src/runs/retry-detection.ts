import type { RetryRule } from '@a2a-aws/core/internal';
import { isGloballyUnique } from './globally-unique.ts';

export const RETRY_DETECTIONS = ['always', 'auto', 'never'] as const;

/**
 * When a message with the id, the content and the owner of an earlier one is that message sent again:
 * `always`; `never`; or, `auto`, if its id is globally unique by the way in which it was made, or
 * while the earlier one is still unanswered.
 */
export type RetryDetection = (typeof RETRY_DETECTIONS)[number];

/** Returns the rule for a message with this id. */
export function retryRule(detection: RetryDetection, messageId: string): RetryRule {
  if (detection !== 'auto') return detection;
  return isGloballyUnique(messageId) ? 'always' : 'unanswered';
}
