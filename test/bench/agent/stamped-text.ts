import { monotonicMs } from '../monotonic-time.ts';
import { KILOBYTE, words } from './payload.ts';

const TOKEN_LENGTH = 20;
const FILLER = words(KILOBYTE, 1);

/** Returns a kilobyte of text that contains the time of its creation. */
export function stampedText(): string {
  const stamp = `${monotonicMs()}|`;
  return stamp + FILLER.slice(stamp.length);
}

/** Returns a token of 20 bytes that contains the time of its creation. */
export function stampedToken(): string {
  return `${monotonicMs().toFixed(3)}|`.padEnd(TOKEN_LENGTH, '.');
}

/** Returns the milliseconds since a text was stamped on this machine. */
export function stampAge(text: string): number {
  return monotonicMs() - Number(text.slice(0, text.indexOf('|')));
}
