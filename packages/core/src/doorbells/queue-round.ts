/**
 * An instance whose queue was lost gets another one. Its name is new: the name of a deleted queue is
 * blocked for 60 seconds (Amazon SQS, "DeleteQueue").
 */
export function roundName(queueName: string, round: number): string {
  return round === 0 ? queueName : `${queueName}-r${round.toString(36)}`;
}

/** Returns true if {@link roundName} returns `name` for this `queueName` and some round. */
export function isRoundOf(queueName: string, name: string): boolean {
  return name.startsWith(queueName) && /^(-r[0-9a-z]{1,6})?$/.test(name.slice(queueName.length));
}
