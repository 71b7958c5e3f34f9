import { createRandom } from '@dgpo/trajectory';
import { words } from '../words.js';

/** Features share their inverse document frequency with those of the same bucket; 2^18 keeps such neighbours rare. */
export const buckets = 1 << 18;

/** Share of a letter run's weight in comparison with a word's: a word has several of them. */
const characterWeight = 0.35;

/** 32-bit FNV-1a over UTF-16 code units with the avalanche of MurmurHash3 at the end. */
function hashText(text: string, basis: number): number {
  let value = basis;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 16777619);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

export interface FeatureHash {
  /** Hash of each feature of the text with its weight, term frequency (1 + ln f) included. */
  features(text: string): Map<number, number>;
  /** 32 bits that decide where a feature goes and do not depend on its bucket; of them, those of its next coordinate. */
  place(feature: number): number;
}

/** Hashes words, runs of words and letter runs within words. */
export function createFeatureHash({
  seed,
  wordNgrams,
  characterNgrams,
}: {
  seed: number;
  wordNgrams: number;
  characterNgrams: number;
}): FeatureHash {
  const random = createRandom(seed).split('hashed-encoder');
  const wordBasis = random.integer(2 ** 32);
  const characterBasis = random.integer(2 ** 32);
  const placeBasis = random.integer(2 ** 32);
  const count = (map: Map<number, number>, key: number) => map.set(key, (map.get(key) ?? 0) + 1);
  return {
    features(text) {
      const tokens = words(text);
      const counts = new Map<number, number>();
      const characterCounts = new Map<number, number>();
      for (let start = 0; start < tokens.length; start++) {
        let run = '';
        for (let length = 1; length <= wordNgrams && start + length <= tokens.length; length++) {
          run += ` ${tokens[start + length - 1]}`;
          count(counts, hashText(run, wordBasis));
        }
        if (characterNgrams === 0) continue;
        const bordered = `<${tokens[start]}>`;
        for (let at = 0; at + characterNgrams <= bordered.length; at++) {
          count(characterCounts, hashText(bordered.slice(at, at + characterNgrams), characterBasis));
        }
      }
      for (const [key, frequency] of counts) counts.set(key, 1 + Math.log(frequency));
      for (const [key, frequency] of characterCounts) {
        counts.set(key, (counts.get(key) ?? 0) + characterWeight * (1 + Math.log(frequency)));
      }
      return counts;
    },
    place: (feature) => hashText(String.fromCharCode(feature & 0xffff, feature >>> 16), placeBasis),
  };
}

/** Counts in how many texts a feature of each bucket stands; memory does not grow with their number. */
export function createFrequencyCounts(hash: FeatureHash) {
  const holding = new Uint32Array(buckets);
  let total = 0;
  return {
    add(text: string): void {
      const seen = new Set<number>();
      for (const key of hash.features(text).keys()) seen.add(key % buckets);
      for (const bucket of seen) holding[bucket] = (holding[bucket] as number) + 1;
      total++;
    },
    /** The inverse document frequency of each bucket, as BM25 of Lucene has it: ln(1 + (N − n + 0.5) / (n + 0.5)). */
    inverse: (): Float32Array =>
      Float32Array.from(holding, (count) => Math.log(1 + (total - count + 0.5) / (count + 0.5))),
  };
}
