import { ConfigError } from '@dgpo/trajectory';

export interface Bm25Settings {
  /**
   * How fast repeated occurrences of a word saturate.
   * @default 0.9
   */
  k1?: number;
  /**
   * How much long passages are marked down, from 0 (not at all) to 1 (in full proportion).
   * @default 0.4
   */
  b?: number;
  /**
   * The inverse document frequency, N passages of which n hold the word:
   * `lucene` is ln(1 + (N - n + ½) / (n + ½)); `robertson` is max(0, ln((N - n + ½) / (n + ½))), so that words in more than
   * half of the passages count nothing.
   * @default 'lucene'
   */
  idf?: 'lucene' | 'robertson';
}

/** @throws ConfigError for settings outside their range. */
export function resolveBm25Settings({ k1 = 0.9, b = 0.4, idf = 'lucene' }: Bm25Settings): Required<Bm25Settings> {
  if (!Number.isFinite(k1) || k1 < 0) throw new ConfigError(`BM25 k1 must be a number of at least 0, not ${k1}`);
  if (!(b >= 0 && b <= 1)) throw new ConfigError(`BM25 b must lie between 0 and 1, not ${b}`);
  if (idf !== 'lucene' && idf !== 'robertson') {
    throw new ConfigError(`BM25 idf must be "lucene" or "robertson", not ${JSON.stringify(idf)}`);
  }
  return { k1, b, idf };
}

/** The weight of a word that `count` of `size` passages hold. */
export function inverseDocumentFrequency({
  size,
  count,
  idf,
}: {
  size: number;
  count: number;
  idf: Required<Bm25Settings>['idf'];
}): number {
  const odds = (size - count + 0.5) / (count + 0.5);
  return idf === 'lucene' ? Math.log(1 + odds) : Math.max(0, Math.log(odds));
}

/** `[passages]` what is added to a frequency f in the denominator: a word's part of a score is idf · f / (f + norm). */
export function lengthNorms({ lengths, k1, b }: { lengths: Uint32Array; k1: number; b: number }): Float64Array {
  let total = 0;
  for (let position = 0; position < lengths.length; position++) total += lengths[position] as number;
  const averageLength = total / Math.max(lengths.length, 1) || 1;
  const norms = new Float64Array(lengths.length);
  for (let position = 0; position < lengths.length; position++) {
    norms[position] = k1 * (1 - b + (b * (lengths[position] as number)) / averageLength);
  }
  return norms;
}
