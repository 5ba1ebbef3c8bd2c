import type { FakeAws } from '@a2a-aws/testkit/fakes';

/** List prices of us-east-1 in US dollars per million (Amazon DynamoDB, SNS and SQS, "Pricing"). */
const PRICES = { writeUnit: 0.625, readUnit: 0.125, snsRequest: 0.5, sqsRequest: 0.4 } as const;

/**
 * Returns the cost of all calls so far, in millionths of a US dollar. Delivery from SNS to SQS is
 * free.
 */
export function spent({ meter }: FakeAws): {
  readonly calls: number;
  readonly microdollars: number;
} {
  const { writeUnits, readUnits } = meter.total('dynamodb');
  return {
    calls: meter.total().calls,
    microdollars:
      writeUnits * PRICES.writeUnit +
      readUnits * PRICES.readUnit +
      meter.total('sns').billedRequests * PRICES.snsRequest +
      meter.total('sqs').billedRequests * PRICES.sqsRequest,
  };
}
