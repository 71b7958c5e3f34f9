import { englishTerms } from './english-terms.js';
import type { Product } from './product.js';

/** Finds products by words; an index that `createBm25Index` of `@dgpo/retriever` makes of {@link productText} is one too. */
export interface ProductIndex {
  /** Positions of products in the catalogue, best first, at most `topK`. */
  search(options: { query: string; topK: number }): readonly { index: number; score: number }[];
}

/** What a product is found by: name, description, first feature and options, in lower case. */
export function productText({ name, description, features, options }: Product): string {
  const choices = options.map((option) => `${option.name}: ${option.values.join(', ')}`).join(', and ');
  return `${name} ${description} ${features[0] ?? ''} ${choices}`.toLowerCase();
}

function countTerms(terms: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  return counts;
}

/** Anserini's. */
const k1 = 0.9;
const b = 0.4;

/**
 * BM25 with English analysis in memory, for thousands of products: idf · f / (f + k1 · (1 - b + b · length / average length)) with
 * k1 0.9 and b 0.4, summed over the words of the query, as in Lucene but for its rounding of lengths. Equal scores in catalogue
 * order.
 */
export function createProductIndex(products: readonly Product[]): ProductIndex {
  const stems = new Map<string, string>();
  const documents = products.map((product) => englishTerms(productText(product), stems));
  const averageLength = documents.reduce((sum, { length }) => sum + length, 0) / Math.max(1, documents.length);
  const postings = new Map<string, { index: number; weight: number }[]>();
  for (const [index, terms] of documents.entries()) {
    const norm = k1 * (1 - b + (b * terms.length) / averageLength);
    for (const [term, frequency] of countTerms(terms)) {
      const list = postings.get(term) ?? [];
      postings.set(term, list);
      list.push({ index, weight: frequency / (frequency + norm) });
    }
  }
  const scores = new Float64Array(documents.length);
  return {
    search({ query, topK }) {
      const found: number[] = [];
      for (const [term, occurrences] of countTerms(englishTerms(query))) {
        const list = postings.get(term) ?? [];
        const idf = Math.log(1 + (documents.length - list.length + 0.5) / (list.length + 0.5));
        for (const { index, weight } of list) {
          const score = scores[index] as number;
          if (score === 0) found.push(index);
          scores[index] = score + occurrences * idf * weight;
        }
      }
      const matches = found.map((index) => ({ index, score: scores[index] as number }));
      for (const index of found) scores[index] = 0;
      return matches.sort((left, right) => right.score - left.score || left.index - right.index).slice(0, topK);
    },
  };
}
