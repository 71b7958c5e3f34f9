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
/** The words of a text as they are compared: in lower case, without punctuation and invisible characters. */
export const wordsOf = (text: string): string[] => visible(text).match(/[\p{L}\p{N}]+/gu) ?? [];

function countsOf(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  return counts;
}

const sentencesOf = (text: string) => text.split(/[.!?;\n]+/);

/** A text made ready to be searched. */
export interface SearchedText {
  text: string;
  letters: string;
  words: readonly string[];
  /** Where each word stands. */
  places: ReadonlyMap<string, readonly number[]>;
  sentences: readonly Sentence[];
}

interface Sentence {
  text: string;
  counts: ReadonlyMap<string, number>;
}

export function searchedText(text: string): SearchedText {
  const words = wordsOf(text);
  const places = new Map<string, number[]>();
  for (const [at, word] of words.entries()) {
    const known = places.get(word);
    if (known === undefined) places.set(word, [at]);
    else known.push(at);
  }
  const sentences = new Set(sentencesOf(text).map((sentence) => wordsOf(sentence).join(' ')));
  sentences.delete('');
  return {
    text,
    letters: words.join(''),
    words,
    places,
    sentences: Array.from(sentences, (sentence) => ({ text: sentence, counts: countsOf(sentence) })),
  };
}

/** A hint made ready to be looked for. */
export interface SoughtHint {
  hint: string;
  letters: string;
  normal: string;
  counts: ReadonlyMap<string, number>;
  tokens: readonly (string | typeof wildcard)[];
  literals: number;
}

export function soughtHint(hint: string): SoughtHint {
  const tokens = hint
    .split(/(\{[^{}]*\})/)
    .flatMap((part): (string | typeof wildcard)[] => (part.startsWith('{') ? [wildcard] : wordsOf(part)));
  const literals = tokens.filter((token) => token !== wildcard).length;
  const normal = wordsOf(hint).join(' ');
  return { hint, letters: wordsOf(hint).join(''), normal, counts: countsOf(normal), tokens, literals };
}

/** Most words of a hint that stand in a row in a text, names for placeholders between them not counted. */
function longestRun({ tokens }: SoughtHint, { places, words }: SearchedText): number {
  // Several placeholders can be filled in many ways, so every run is measured once.
  const known = new Map<number, number>();
  const runFrom = (from: number, at: number): number => {
    const token = tokens[from];
    if (token === undefined || at >= words.length) return 0;
    const key = from * words.length + at;
    const found = known.get(key);
    if (found !== undefined) return found;
    let longest = 0;
    if (token === words[at]) longest = 1 + runFrom(from + 1, at + 1);
    else if (token === wildcard) {
      for (let size = 1; size <= longestName; size++) longest = Math.max(longest, runFrom(from + 1, at + size));
    }
    known.set(key, longest);
    return longest;
  };
  let longest = 0;
  for (const [from, token] of tokens.entries()) {
    if (token === wildcard) continue;
    for (const at of places.get(token) ?? []) longest = Math.max(longest, runFrom(from, at));
  }
  return longest;
}

function isAlike(sentence: Sentence, { counts, normal }: SoughtHint, threshold: number): boolean {
  // What both have of each character is the most that can match.
  let common = 0;
  for (const [character, count] of sentence.counts) common += Math.min(count, counts.get(character) ?? 0);
  const length = Array.from(sentence.text).length + Array.from(normal).length;
  return (2 * common) / length > threshold && ratcliffObershelp(sentence.text, normal) > threshold;
}

/** How a text says a hint; null when it does not. */
export function matchHint(searched: SearchedText, sought: SoughtHint, options: MatchOptions): HintMatch | null {
  const { letters, sentences, text, words } = searched;
  if (sought.hint.trim() !== '' && text.includes(sought.hint)) return 'exact';
  if (sought.letters.length >= leastLetters && letters.includes(sought.letters)) return 'normalized';
  if (sought.literals < leastWords)
    return ` ${words.join(' ')} `.includes(` ${sought.normal} `) && sought.normal !== '' ? 'normalized' : null;
  const run = longestRun(sought, searched);
  if (run === sought.literals) return 'normalized';
  if (run >= options.minWords && run >= sought.literals / 2) return 'fuzzy';
  return sentences.some((sentence) => isAlike(sentence, sought, options.threshold)) ? 'fuzzy' : null;
}
