/** The number of words. With it, text deflates about as well as English prose; see the test. */
const WORDS = 8_000;
/** Letters at about their frequencies in English. */
const LETTERS =
  'eeeeeeeeeeeetttttttttaaaaaaaaoooooooiiiiiiinnnnnnnsssssshhhhhhrrrrrrddddllllcccuuummmwwffggyyppbbvk';

type Numbers = () => number;

/** Returns a generator of numbers in [0, 1), the same for the same seed. */
function numbers(seed: number): Numbers {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
}

/** Returns made-up words; the frequent ones are shorter. */
function vocabulary(): string[] {
  const next = numbers(7);
  return Array.from({ length: WORDS }, (_, rank) => {
    const length = Math.round(1.5 + Math.log2(rank + 2) * 0.55 + next() * 3);
    return Array.from({ length }, () => LETTERS[Math.floor(next() * LETTERS.length)]).join('');
  });
}

const words = vocabulary();

/** The cumulative frequencies of the words, which fall by Zipf's law (1 ÷ rank). */
const sums = words.reduce<number[]>((all, _, rank) => {
  all.push((all.at(-1) ?? 0) + 1 / (rank + 2.7));
  return all;
}, []);

/**
 * Returns text that deflates as prose does, the same for the same seed. A model's answer is prose;
 * random letters would deflate worse.
 */
export function prose(length: number, seed: number): string {
  const next = numbers(Math.imul(seed, 2_654_435_761) + 1);
  const pieces: string[] = [];
  for (let size = 0; size <= length; ) {
    const word = wordAt(next() * (sums.at(-1) ?? 0));
    pieces.push(word);
    size += word.length + 1;
  }
  // Returns one flat string, because V8 would join a chain of pieces during a measurement.
  return Buffer.from(pieces.join(' ').slice(0, length), 'latin1').toString('latin1');
}

/** Returns the word whose share of the cumulative frequencies contains `sum`. */
function wordAt(sum: number): string {
  let [low, high] = [0, words.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sums[middle] ?? 0) < sum) low = middle + 1;
    else high = middle;
  }
  return words[low] ?? '';
}
