/** How many words there are. With it, text deflates about as dense English prose does: see the test. */
const WORDS = 8_000;
/** Letters as often as English has them. */
const LETTERS =
  'eeeeeeeeeeeetttttttttaaaaaaaaoooooooiiiiiiinnnnnnnsssssshhhhhhrrrrrrddddllllcccuuummmwwffggyyppbbvk';

type Numbers = () => number;

/** Numbers in [0, 1), the same for the same seed. */
function numbers(seed: number): Numbers {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
}

/** Made-up words, the frequent ones shorter. */
function vocabulary(): string[] {
  const next = numbers(7);
  return Array.from({ length: WORDS }, (_, rank) => {
    const length = Math.round(1.5 + Math.log2(rank + 2) * 0.55 + next() * 3);
    return Array.from({ length }, () => LETTERS[Math.floor(next() * LETTERS.length)]).join('');
  });
}

const words = vocabulary();

/** Up to each word: the sum of frequencies, which fall as Zipf found them to (1 ÷ rank). */
const sums = words.reduce<number[]>((all, _, rank) => {
  all.push((all.at(-1) ?? 0) + 1 / (rank + 2.7));
  return all;
}, []);

/**
 * Text that deflates as prose does, the same for the same seed: a model's answer is prose, and random
 * letters, which no model writes, would deflate worse.
 */
export function prose(length: number, seed: number): string {
  const next = numbers(Math.imul(seed, 2_654_435_761) + 1);
  const pieces: string[] = [];
  for (let size = 0; size <= length; ) {
    const word = wordAt(next() * (sums.at(-1) ?? 0));
    pieces.push(word);
    size += word.length + 1;
  }
  // One flat string: a chain of pieces would be put together while something is measured.
  return Buffer.from(pieces.join(' ').slice(0, length), 'latin1').toString('latin1');
}

/** The word whose share of the sum of all frequencies this is in. */
function wordAt(sum: number): string {
  let [low, high] = [0, words.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sums[middle] ?? 0) < sum) low = middle + 1;
    else high = middle;
  }
  return words[low] ?? '';
}
