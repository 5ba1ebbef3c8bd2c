/**
 * The rules of English that a machine can check (CONTRIBUTING.md, "English"). Each looks at one
 * sentence and returns where it breaks the rule.
 */

/** Words that must not be the subject of a statement. */
const SUBJECTS = ['Who', 'Whoever', 'Whose', 'Nobody', 'Somebody', 'What', 'Whatever'];
/** Openings that put something else before the subject. */
const OPENINGS = ['Of', 'For what', 'To what', 'Where it'];

/** Phrases, and what a native writer uses instead. */
const PHRASES = [
  [
    'is-to',
    /(?<!\b(?:aim|alternative|choice|first|fix|goal|idea|job|next|option|point|purpose|rule|task|way) )\b(?:is|are) to\b(?! (?:the|a|an)\b)/i,
    'must, will, can',
  ],
  ['anew', /\banew\b/i, 'again'],
  ['for-ever', /\bfor ever\b/i, 'forever'],
  ['at-the-most', /\bat the most\b(?! (?:common|important|recent)\b)/i, 'at most'],
  ['the-own', /\bthe own\b/i, 'its own, this instance’s'],
  ['nothing-if', /(?<!\bproves? )\bnothing if\b/i, '`undefined` if, nothing happens if'],
];

/** Whole sentences that break a rule on purpose. */
const ALLOWED = [/^Of course\b/];

/** The rules: a name, the text to use instead, and a search in one sentence. */
export const RULES = [
  ...PHRASES.map(([name, pattern, instead]) => ({
    name,
    instead,
    find: ({ text }) => pattern.exec(text)?.[0],
  })),
  {
    name: 'subject',
    instead: 'a noun as subject',
    find: ({ text, isHeading }) => (isHeading ? undefined : opening(SUBJECTS, text)),
  },
  {
    name: 'opening',
    instead: 'the subject first',
    find: ({ text }) => opening(OPENINGS, text),
  },
];

/** Returns the word of the list that a statement begins with; `undefined` for questions. */
function opening(words, text) {
  if (text.endsWith('?')) return undefined;
  return words.find((word) => text.startsWith(`${word} `));
}

/** Returns what a piece of prose breaks: the rule, the words, and their offset in the text. */
export function findings({ text, isHeading = false }) {
  return sentences(text).flatMap(({ text: sentence, at }) => {
    if (ALLOWED.some((pattern) => pattern.test(sentence))) return [];
    return RULES.flatMap(({ name, instead, find }) => {
      const words = find({ text: sentence, isHeading });
      return words === undefined
        ? []
        : [{ rule: name, words, instead, at: at + sentence.indexOf(words) }];
    });
  });
}

/** Splits prose where a sentence ends; each sentence comes with its offset. */
export function sentences(text) {
  const found = [];
  for (const match of text.matchAll(/\S.*?(?:[.!?](?=["”’')\]*_]*\s)["”’')\]*_]*|$)/gs)) {
    const lead = /^["“‘'([*_]+/.exec(match[0])?.[0].length ?? 0;
    found.push({
      text: match[0].slice(lead).replace(/\s/g, ' ').trimEnd(),
      at: match.index + lead,
    });
  }
  return found;
}
