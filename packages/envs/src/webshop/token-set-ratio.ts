import { matchingCharacters } from './matching-characters.js';

/** Rounds halves to the even number, as Python does. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

function ratio(left: string, right: string): number {
  if (left === right) return 100;
  if (left === '' || right === '') return 0;
  return roundHalfEven(100 * ((2 * matchingCharacters(left, right)) / ([...left].length + [...right].length)));
}

/** Lower-case words of letters, digits and underscores; the characters U+0080 to U+00FF are dropped. */
const tokensOf = (text: string) =>
  new Set(
    text
      .replace(/[\u0080-\u00ff]/g, '')
      .toLowerCase()
      .match(/[\p{L}\p{N}_]+/gu),
  );

const joined = (tokens: Iterable<string>) => [...tokens].sort().join(' ');

/**
 * How much two texts agree as sets of words, from 0 to 100: 100 as soon as one has all words of the other. `token_set_ratio` of
 * thefuzz 0.19.0 over Python's `difflib`: https://github.com/seatgeek/thefuzz/blob/0.19.0/thefuzz/fuzz.py
 */
export function tokenSetRatio(left: string, right: string): number {
  const leftTokens = tokensOf(left);
  const rightTokens = tokensOf(right);
  if (leftTokens.size === 0 || rightTokens.size === 0) return 0;
  const common = joined([...leftTokens].filter((token) => rightTokens.has(token)));
  const withCommon = (tokens: Set<string>, others: Set<string>) =>
    `${common} ${joined([...tokens].filter((token) => !others.has(token)))}`.trim();
  const leftText = withCommon(leftTokens, rightTokens);
  const rightText = withCommon(rightTokens, leftTokens);
  return Math.max(ratio(common, leftText), ratio(common, rightText), ratio(leftText, rightText));
}
