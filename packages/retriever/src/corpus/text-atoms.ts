import type { CountTokens } from './count-tokens.js';

/** What a break in front of an atom splits. A greater one is a better place to cut. */
export const breakBefore = { letters: 0, word: 1, sentence: 2, paragraph: 3 } as const;
type BreakBefore = (typeof breakBefore)[keyof typeof breakBefore];

/** The smallest piece of a text that is not cut: a word, or a part of one that is longer than a chunk. */
export interface Atom {
  /** White space between this atom and the one before. */
  gap: string;
  text: string;
  break: BreakBefore;
  /** Units of gap and text together. */
  cost: number;
}

/** Longest word in letters, as a multiple of the units of a chunk: no counter has to take a megabyte at once. */
const lettersPerUnit = 8;

const sentenceEnd = /[.!?…。！？]["'”’»)\]]*$/u;
const sentenceStart = /^["'“‘«([¿¡]*[^\p{Ll}\s]/u;

/** The longest beginnings of a word that fit, one after another. */
function* splitWord(word: string, size: number, count: CountTokens): Generator<string> {
  const letters = Array.from(word);
  for (let start = 0; start < letters.length; ) {
    let length = Math.min(letters.length - start, size * lettersPerUnit);
    let piece = letters.slice(start, start + length).join('');
    for (let cost = count(piece); cost > size && length > 1; cost = count(piece)) {
      length = Math.max(1, Math.min(length - 1, Math.floor((length * size) / cost)));
      piece = letters.slice(start, start + length).join('');
    }
    yield piece;
    start += length;
  }
}

/**
 * Takes a paragraph apart. A sentence begins after `. ! ? …` and white space where no small letter follows, and after the marks of
 * Chinese and Japanese, which need no white space.
 */
export function* splitParagraph(paragraph: string, size: number, count: CountTokens): Generator<Atom> {
  let before = '';
  for (const [, space = '', word = ''] of paragraph.matchAll(/(\s*)((?:(?![。！？])\S)*[。！？]+["'”’»)\]]*|\S+)/gu)) {
    const first = before === '';
    const endsSentence = sentenceEnd.test(before) && (sentenceStart.test(word) || space === '');
    const inner = endsSentence ? breakBefore.sentence : breakBefore.word;
    const kind = first ? breakBefore.paragraph : inner;
    before = word;
    let gap = first ? `\n\n${space.replace(/^[\s\S]*\n/, '')}` : space;
    let cost = word.length > size * lettersPerUnit ? size + 1 : count(gap + word);
    if (cost > size && gap.length > 1) {
      // Rather less white space than a torn word.
      gap = gap.includes('\n') ? '\n' : ' ';
      cost = word.length > size * lettersPerUnit ? size + 1 : count(gap + word);
    }
    if (cost <= size) {
      yield { gap, text: word, break: kind, cost };
      continue;
    }
    let part = 0;
    for (const text of splitWord(word, size, count)) {
      yield { gap: part === 0 ? gap : '', text, break: part === 0 ? kind : breakBefore.letters, cost: count(text) };
      part++;
    }
  }
}
