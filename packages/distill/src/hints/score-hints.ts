import type { HintChooser } from './retrieve-hints.js';

const wordsOf = (text: string) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

const counted = (words: readonly string[]) => {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
};

/** Indices with a score above 0, the best first, equal ones in the order of the list. */
const ranked = (scores: readonly number[]) =>
  Array.from(scores, (score, index) => ({ score, index }))
    .filter(({ score }) => score > 0)
    .sort((one, other) => other.score - one.score)
    .map(({ index }) => index);

function documentCounts(documents: readonly ReadonlyMap<string, number>[]): Map<string, number> {
  return counted(documents.flatMap((document) => [...document.keys()]));
}

const k1 = 1.2;
const b = 0.75;

/** BM25 (k1 1.2, b 0.75) of the words of the query over the hints of the category. */
export const chooseByBm25: HintChooser = ({ query, hints }) => {
  const documents = hints.map((hint) => counted(wordsOf(hint)));
  const lengths = documents.map((document) => [...document.values()].reduce((sum, count) => sum + count, 0));
  const meanLength = lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, lengths.length) || 1;
  const containing = documentCounts(documents);
  const scores = documents.map((document, index) => {
    let score = 0;
    for (const word of new Set(wordsOf(query))) {
      const count = document.get(word) ?? 0;
      const known = containing.get(word) ?? 0;
      const weight = Math.log(1 + (hints.length - known + 0.5) / (known + 0.5));
      score += (weight * count * (k1 + 1)) / (count + k1 * (1 - b + (b * (lengths[index] ?? 0)) / meanLength));
    }
    return score;
  });
  return { indices: ranked(scores) };
};

/** Cosine of TF-IDF vectors with smoothed document frequencies (ln((1 + n) / (1 + df)) + 1). */
export const chooseByTfIdf: HintChooser = ({ query, hints }) => {
  const documents = hints.map((hint) => counted(wordsOf(hint)));
  const containing = documentCounts(documents);
  const vector = (counts: ReadonlyMap<string, number>) =>
    new Map(
      Array.from(counts, ([word, count]) => [
        word,
        count * (Math.log((1 + hints.length) / (1 + (containing.get(word) ?? 0))) + 1),
      ]),
    );
  const length = (values: ReadonlyMap<string, number>) => Math.hypot(...values.values()) || 1;
  // Words that no hint has would only scale all scores alike.
  const asked = vector(counted(wordsOf(query).filter((word) => containing.has(word))));
  const scores = documents.map((document) => {
    const values = vector(document);
    let product = 0;
    for (const [word, value] of values) product += value * (asked.get(word) ?? 0);
    return product / (length(values) * length(asked));
  });
  return { indices: ranked(scores) };
};
