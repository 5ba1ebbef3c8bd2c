/**
 * Finds the prose of a file: comments and texts of a program, paragraphs of a document. Code in
 * prose is blanked, so that offsets stay what they are in the file.
 */
import jsTokens from 'js-tokens';

/** Returns the pieces of prose of a file, each with its offset: `{ text, at, isHeading }`. */
export function proseOf(path, source) {
  const pieces = path.endsWith('.md') ? markdownPieces(source) : programPieces(source);
  return pieces.map((piece) => ({ isHeading: false, ...piece, text: withoutCode(piece.text) }));
}

const COMMENTS = new Set(['SingleLineComment', 'MultiLineComment']);
const TEXTS = new Set([
  'StringLiteral',
  'NoSubstitutionTemplate',
  'TemplateHead',
  'TemplateMiddle',
  'TemplateTail',
]);

function programPieces(source) {
  const pieces = [];
  let at = 0;
  /** The piece that the next line of `//` continues, if nothing else comes between. */
  let open;
  for (const { type, value } of jsTokens(source)) {
    if (type === 'SingleLineComment') {
      const text = value.replace(/^\/\/+/, blank);
      if (open) open.text += source.slice(open.at + open.text.length, at) + text;
      else {
        open = { text, at };
        pieces.push(open);
      }
    } else if (COMMENTS.has(type)) {
      pieces.push(...commentPieces(value, at));
    } else if (TEXTS.has(type) && /[a-z] [a-z]/i.test(value)) {
      pieces.push({ text: value.replace(/^['"`}]|['"`]$|\$\{$/g, blank), at });
    }
    const isBetweenLines = type === 'WhiteSpace' || type === 'LineTerminatorSequence';
    if (type !== 'SingleLineComment' && !isBetweenLines) open = undefined;
    at += value.length;
  }
  return pieces;
}

/** A block comment, cut at blank lines, list items and tags. */
function commentPieces(comment, at) {
  const text = comment
    .replace(/^\/\*+/, blank)
    .replace(/\*+\/$/, blank)
    .replace(/^[ \t]*\*/gm, blank);
  return cut(text, /\n[ \t]*(?=\n)|\n(?=[ \t]+- )|(?<!\{)(?=@\w)/g, at).map((piece) => ({
    ...piece,
    text: piece.text.replace(/^@\w+/, blank),
  }));
}

function markdownPieces(source) {
  const text = source
    .replace(/^```.*?^```/gms, blank)
    .replace(/<!--.*?-->/gs, blank)
    .replace(/\]\([^)\n]*\)/g, blank)
    .replace(/^ {4}.*$/gm, (line) => (/^ {4,}(?:[-*]|\d+\.) /.test(line) ? line : blank(line)));
  const blocks = cut(
    text,
    /\n[ \t]*(?=\n)|\n(?=[ \t]*(?:[-*]|\d+\.) |[|#])|(?<=\|)|(?<=^#.*)\n/gm,
    0,
  );
  return blocks.map(({ text: block, at }) => ({
    text: block.replace(/^\s*(?:[-*]|\d+\.|#+|>)\s|\|/g, blank),
    at,
    isHeading: /^\s*#/.test(block),
  }));
}

/** Cuts a text at each match; the pieces keep their offsets. */
function cut(text, pattern, at) {
  const pieces = [];
  let from = 0;
  for (const { index } of text.matchAll(pattern)) {
    if (index > from) pieces.push({ text: text.slice(from, index), at: at + from });
    from = index;
  }
  pieces.push({ text: text.slice(from), at: at + from });
  return pieces;
}

/** Code, links to code and addresses become one nameless word. */
function withoutCode(text) {
  return text.replace(/`[^`]*`|\{@\w+[^}]*\}|https?:\S+/g, (code) => 'x'.repeat(code.length));
}

function blank(text) {
  return text.replace(/[^\n]/g, ' ');
}
