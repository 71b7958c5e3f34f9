import { normalizeAnswer } from '@dgpo/trajectory';

/** Shorter golden answers stand inside of other words by chance. */
const shortestInside = 4;

/**
 * True when an answer has the words of a golden one in another form: it contains the golden one, of at least four characters, anywhere,
 * or all words of one of them are among those of the other (`8 January 1891` and `January 8, 1891`, `King George VI` and `George VI`,
 * `Lockheed` and `Lockheed Corporation`). Both are normalised first.
 */
export function hasAnswerForm(answer: string, golden: string): boolean {
  const given = normalizeAnswer(answer);
  const wanted = normalizeAnswer(golden);
  if (given === '' || wanted === '') return false;
  if (wanted.length >= shortestInside && given.includes(wanted)) return true;
  const [left, right] = [new Set(given.split(' ')), new Set(wanted.split(' '))];
  const [smaller, larger] = left.size <= right.size ? [left, right] : [right, left];
  return [...smaller].every((word) => larger.has(word));
}
