import type { MessageAttributeValue } from '@aws-sdk/client-sns';
import { FakeServiceError } from '../service-fault.ts';

export type MessageAttributes = Readonly<Record<string, MessageAttributeValue>>;

/**
 * True if a message's attributes match a filter policy: for each of its keys, one of the listed
 * strings. Other operators are refused.
 * Source: Amazon SNS, "Amazon SNS subscription filter policies".
 */
export function matches(policy: string | undefined, attributes: MessageAttributes = {}): boolean {
  if (!policy) return true;
  return Object.entries(parsePolicy(policy)).every(([name, allowed]) => {
    const { StringValue } = attributes[name] ?? {};
    return StringValue !== undefined && allowed.includes(StringValue);
  });
}

function parsePolicy(policy: string): Record<string, readonly string[]> {
  const parsed = JSON.parse(policy) as Record<string, unknown>;
  for (const allowed of Object.values(parsed)) {
    if (!Array.isArray(allowed) || allowed.some((one) => typeof one !== 'string')) {
      throw new FakeServiceError('InvalidParameter', 'Invalid parameter: FilterPolicy', 400);
    }
  }
  return parsed as Record<string, readonly string[]>;
}
