import { porterStem } from './porter-stem.js';

/** Lucene's English stop words. */
const stopWords = new Set(
  (
    'a an and are as at be but by for if in into is it no not of on or such that the their then there these they this to was ' +
    'will with'
  ).split(' '),
);

/** Letters, digits and underscores; full stops and apostrophes inside words, full stops and commas inside numbers. */
const token = /[\p{L}\p{N}_]+(?:(?:(?<=\p{L})['’.](?=\p{L})|(?<=\p{N})['’.,](?=\p{N}))[\p{L}\p{N}_]+)*/gu;

/**
 * The terms that a text is found by: lower-case words without possessive `'s` and without stop words, stemmed. The English analysis
 * that Lucene's indexes of the original shop use, but for rare cases of its word borders (UAX #29).
 *
 * @param stems stems that are known already, for many texts with the same words; filled on the way
 */
export function englishTerms(text: string, stems = new Map<string, string>()): string[] {
  const terms: string[] = [];
  for (const word of text.toLowerCase().match(token) ?? []) {
    const bare = word.replace(/['’]s$/, '');
    if (stopWords.has(bare)) continue;
    const stem = stems.get(bare) ?? porterStem(bare);
    stems.set(bare, stem);
    terms.push(stem);
  }
  return terms;
}
