import { MAX_JSON_LEVELS, parseShallow } from '../a2a/exact-json.ts';
import type { Sliced } from './sliced.ts';

/** Lines are parsed together up to this many bytes. */
const BATCH = 16 * 1024;
/** The frame lines that any text may have, and the bytes of text for each further one. */
const FRAME_LINES = 100;
const BYTES_PER_LINE = 16;
/** How much deeper than a stored entry the text around the lists may nest. */
const FRAME_LEVELS = MAX_JSON_LEVELS + 10;

/**
 * Writes one JSON text whose long lists have a line for each element. The lines between them, its
 * frame, begin with `]` or end with `[`, which no element does: `JSON.stringify` breaks no line.
 */
export class LineWriter {
  readonly #pieces: string[] = [];
  /** True if a comma is due before the next field or element. */
  #comma = false;

  /** Opens an object that begins with these fields. */
  open(fields: unknown): void {
    const text = JSON.stringify(fields);
    this.#put(text.slice(0, -1));
    this.#comma = text.length > 2;
  }

  close(): void {
    this.#pieces.push('}');
    this.#comma = true;
  }

  name(field: string): void {
    this.#put(`${JSON.stringify(field)}:`);
    this.#comma = false;
  }

  openList(field: string): void {
    this.name(field);
    this.#pieces.push('[\n');
    this.#comma = false;
  }

  closeList(): void {
    this.#pieces.push(']');
    this.#comma = true;
  }

  /** Writes a list, and yields how much it has written. */
  *list<T>(field: string, elements: Iterable<T>, toJson: (element: T) => unknown): Sliced<void> {
    this.openList(field);
    let isFirst = true;
    for (const element of elements) {
      const text = JSON.stringify(toJson(element));
      this.#pieces.push(isFirst ? text : `,\n${text}`);
      isFirst = false;
      yield text.length;
    }
    if (!isFirst) this.#pieces.push('\n');
    this.closeList();
  }

  text(): string {
    return this.#pieces.join('');
  }

  #put(text: string): void {
    this.#pieces.push(this.#comma ? `,${text}` : text);
    this.#comma = false;
  }
}

const [NEWLINE, COMMA, OPEN, CLOSE] = [10, 44, 91, 93];

/** The text without the elements that have their own lines, and those elements, list by list. */
export interface ReadLines {
  readonly frame: unknown;
  readonly lists: unknown[][];
}

/**
 * Reads the UTF-8 text of a {@link LineWriter}, and yields how much it has read. `read` takes an
 * element of the list with that number. Throws if the text is not JSON, or has more lists than its
 * length allows: a text of nothing but lists is cheap to store and expensive to read.
 */
export function* readLines(
  bytes: Uint8Array,
  read: (json: unknown, list: number) => unknown,
): Sliced<ReadLines> {
  const frame: string[] = [];
  const lists: unknown[][] = [];
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const maxLines = FRAME_LINES + text.length / BYTES_PER_LINE;
  const take = (from: number, to: number): void => {
    const list = lists.at(-1);
    if (!list) throw new SyntaxError('A line is in no list.');
    const lines = text.toString('utf8', from, text[to - 1] === COMMA ? to - 1 : to);
    const json = parseShallow(`[${lines}]`, MAX_JSON_LEVELS + 1) as unknown[];
    for (const element of json) list.push(read(element, lists.length - 1));
  };
  for (let [at, from] = [0, 0]; at < text.length; ) {
    const newline = text.indexOf(NEWLINE, at);
    const end = newline < 0 ? text.length : newline;
    const isFrame = at === 0 || text[at] === CLOSE || text[end - 1] === OPEN;
    if (isFrame) {
      if (from < at) take(from, at - 1);
      frame.push(text.toString('utf8', at, end));
      if (frame.length > maxLines) throw new SyntaxError('The text has too many lists.');
      if (text[end - 1] === OPEN) lists.push([]);
      from = end + 1;
    } else if (end - from >= BATCH) {
      take(from, end);
      yield end - from;
      from = end + 1;
    }
    at = end + 1;
  }
  return { frame: parseShallow(frame.join(''), FRAME_LEVELS), lists };
}
