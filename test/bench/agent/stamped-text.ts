import { monotonicMs } from '../monotonic-time.ts';
import { KILOBYTE, words } from './payload.ts';

const FILLER = words(KILOBYTE, 1);

/** Returns a kilobyte of text that contains the time of its creation. */
export function stampedText(): string {
  const stamp = `${monotonicMs()}|`;
  return stamp + FILLER.slice(stamp.length);
}

/** Returns the milliseconds since a text was stamped on this machine. */
export function stampAge(text: string): number {
  return monotonicMs() - Number(text.slice(0, text.indexOf('|')));
}
