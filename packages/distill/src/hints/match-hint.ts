import { ratcliffObershelp } from './similarity.js';

/** How a text says a hint: letter by letter, in other spelling or with names for placeholders, or only nearly. */
export type HintMatch = 'exact' | 'normalized' | 'fuzzy';

export interface MatchOptions {
  /** So many words of a hint in a row are a trace, if they are at least half of its words. */
  minWords: number;
  /** A sentence more alike to a hint than this is a trace. */
  threshold: number;
}

/** Stands for a name in a hint. */
const wildcard = Symbol('placeholder');
/** Words that a name may have. */
const longestName = 3;
/** Hints of fewer words are not looked for with names filled in: `open {container}` would be found in every command. */
const leastWords = 4;
/** Shorter hints are not looked for inside of words. */
const leastLetters = 12;

const visible = (text: string) =>
  text
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .toLowerCase();
const wordsOf = (text: string): string[] => visible(text).match(/[\p{L}\p{N}]+/gu) ?? [];
const lettersOf = (text: string) => wordsOf(text).join('');
const sentencesOf = (text: string) => text.split(/[.!?;\n]+/);

/** A text made ready to be searched. */
export interface SearchedText {
  text: string;
  letters: string;
  words: readonly string[];
  sentences: readonly string[];
}

export function searchedText(text: string): SearchedText {
  const sentences = sentencesOf(text).map((sentence) => wordsOf(sentence).join(' '));
  return { text, letters: lettersOf(text), words: wordsOf(text), sentences: sentences.filter((one) => one !== '') };
}

/** A hint made ready to be looked for. */
export interface SoughtHint {
  hint: string;
  letters: string;
  normal: string;
  tokens: readonly (string | typeof wildcard)[];
  literals: number;
}

export function soughtHint(hint: string): SoughtHint {
  const tokens = hint
    .split(/(\{[^{}]*\})/)
    .flatMap((part): (string | typeof wildcard)[] => (part.startsWith('{') ? [wildcard] : wordsOf(part)));
  const literals = tokens.filter((token) => token !== wildcard).length;
  return { hint, letters: lettersOf(hint), normal: wordsOf(hint).join(' '), tokens, literals };
}

/** Most words of the hint from token `from` on that stand in a row from word `at` on, names between them not counted. */
function runLength(sought: SoughtHint, words: readonly string[], from: number, at: number): number {
  const token = sought.tokens[from];
  if (token === undefined) return 0;
  if (token !== wildcard) return token === words[at] ? 1 + runLength(sought, words, from + 1, at + 1) : 0;
  let longest = 0;
  for (let size = 1; size <= longestName && at + size <= words.length; size++) {
    longest = Math.max(longest, runLength(sought, words, from + 1, at + size));
  }
  return longest;
}

function longestRun(sought: SoughtHint, words: readonly string[]): number {
  let longest = 0;
  for (const [from, token] of sought.tokens.entries()) {
    if (token === wildcard) continue;
    for (const [at, word] of words.entries()) {
      if (word === token) longest = Math.max(longest, runLength(sought, words, from, at));
    }
  }
  return longest;
}

function isAlike(sentence: string, { normal }: SoughtHint, threshold: number): boolean {
  const [shorter, longer] = [sentence.length, normal.length].sort((a, b) => a - b) as [number, number];
  return (2 * shorter) / (shorter + longer) > threshold && ratcliffObershelp(sentence, normal) > threshold;
}

/** How a text says a hint; null when it does not. */
export function matchHint(searched: SearchedText, sought: SoughtHint, options: MatchOptions): HintMatch | null {
  const { letters, sentences, text, words } = searched;
  if (sought.hint.trim() !== '' && text.includes(sought.hint)) return 'exact';
  if (sought.letters.length >= leastLetters && letters.includes(sought.letters)) return 'normalized';
  if (sought.literals < leastWords)
    return ` ${words.join(' ')} `.includes(` ${sought.normal} `) && sought.normal !== '' ? 'normalized' : null;
  const run = longestRun(sought, words);
  if (run === sought.literals) return 'normalized';
  if (run >= options.minWords && run >= sought.literals / 2) return 'fuzzy';
  return sentences.some((sentence) => isAlike(sentence, sought, options.threshold)) ? 'fuzzy' : null;
}
