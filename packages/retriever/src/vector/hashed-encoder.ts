import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { ConfigError, createRandom } from '@dgpo/trajectory';
import { z } from 'zod';
import { readFloat32Array, writeTypedArray } from '../store/typed-array-file.js';
import { words } from '../words.js';
import type { Encoder } from './encoder.js';

export interface HashedEncoderOptions {
  /**
   * Length of the vectors.
   * @default 512
   */
  dimension?: number;
  /**
   * Which hash functions are used.
   * @default 0
   */
  seed?: number;
  /**
   * The longest run of neighbouring words that is a feature; 1 takes single words only.
   * @default 1
   */
  wordNgrams?: number;
  /**
   * Length of the letter runs within a word (its borders count as letters) that are features beside the words, so that
   * inflected and misspelled words still meet; 0 takes none.
   * @default 4
   */
  characterNgrams?: number;
}

export interface HashedEncoder extends Encoder {
  encode(texts: readonly string[]): Float32Array[];
  /** The same encoder with inverse document frequencies counted over these texts; this one stays as it is. */
  fit(texts: readonly string[]): HashedEncoder;
}

/** Features share their inverse document frequency with those of the same bucket; 2^18 keeps such neighbours rare. */
const buckets = 1 << 18;

/** Share of a letter run's weight in comparison with a word's: a word has several of them. */
const characterWeight = 0.35;

const frequenciesName = 'inverse-document-frequencies.f32';

const settingsSchema = z.object({
  kind: z.literal('hashed'),
  dimension: z.number(),
  seed: z.number(),
  wordNgrams: z.number(),
  characterNgrams: z.number(),
  fitted: z.string().nullable(),
});

/** 32-bit FNV-1a over UTF-16 code units with the avalanche of MurmurHash3 at the end. */
function hashText(text: string, basis: number): number {
  let value = basis;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 16777619);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

function requireInteger(name: string, value: number, minimum: number): void {
  if (!Number.isInteger(value) || value < minimum) {
    throw new ConfigError(`${name} must be an integer of at least ${minimum}, not ${value}`);
  }
}

function build(
  options: Required<HashedEncoderOptions>,
  /** `[buckets]`, or null before {@link HashedEncoder.fit}: every feature then counts the same. */
  frequencies: Float32Array | null,
): HashedEncoder {
  const { dimension, seed, wordNgrams, characterNgrams } = options;
  const random = createRandom(seed).split('hashed-encoder');
  const wordBasis = random.integer(2 ** 32);
  const characterBasis = random.integer(2 ** 32);
  const placeBasis = random.integer(2 ** 32);

  /** Hash of each feature of the text with its weight, term frequency (1 + ln f) included. */
  const features = (text: string): Map<number, number> => {
    const tokens = words(text);
    const counts = new Map<number, number>();
    const characterCounts = new Map<number, number>();
    const count = (map: Map<number, number>, key: number) => map.set(key, (map.get(key) ?? 0) + 1);
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
  };

  const encodeOne = (text: string): Float32Array => {
    const sums = new Float64Array(dimension);
    for (const [key, count] of features(text)) {
      const weight = frequencies === null ? count : count * (frequencies[key % buckets] as number);
      // A second hash decides place and sign, so that they do not depend on the bucket.
      const place = hashText(String.fromCharCode(key & 0xffff, key >>> 16), placeBasis);
      const index = (place >>> 1) % dimension;
      sums[index] = (sums[index] as number) + (place & 1 ? weight : -weight);
    }
    let squares = 0;
    for (const value of sums) squares += value * value;
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    return Float32Array.from(sums, (value) => value * scale);
  };

  return {
    dimension,
    settings: {
      kind: 'hashed',
      ...options,
      fitted: frequencies === null ? null : createHash('sha256').update(frequencies).digest('hex'),
    },
    encode: (texts) => texts.map(encodeOne),
    fit(texts) {
      const holding = new Uint32Array(buckets);
      for (const text of texts) {
        const seen = new Set<number>();
        for (const key of features(text).keys()) seen.add(key % buckets);
        for (const bucket of seen) holding[bucket] = (holding[bucket] as number) + 1;
      }
      return build(
        options,
        Float32Array.from(holding, (count) => Math.log(1 + (texts.length - count + 0.5) / (count + 0.5))),
      );
    },
    async save(directory) {
      if (frequencies !== null) await writeTypedArray(join(directory, frequenciesName), frequencies);
    },
  };
}

/**
 * An encoder that needs no model: words and letter runs are hashed to signed coordinates ("feature hashing", Weinberger et
 * al., ICML 2009, https://arxiv.org/abs/0902.2206), weighted by 1 + ln(term frequency) and, after `fit`, by inverse document
 * frequency, and scaled to length 1. It finds shared words, not shared meaning. Deterministic.
 * @throws ConfigError for options outside their range.
 */
export function createHashedEncoder({
  dimension = 512,
  seed = 0,
  wordNgrams = 1,
  characterNgrams = 4,
}: HashedEncoderOptions = {}): HashedEncoder {
  requireInteger('dimension', dimension, 1);
  requireInteger('seed', seed, 0);
  requireInteger('wordNgrams', wordNgrams, 1);
  requireInteger('characterNgrams', characterNgrams, 0);
  return build({ dimension, seed, wordNgrams, characterNgrams }, null);
}

/** Restores an encoder from its settings and what it saved. @throws when they do not fit together. */
export async function readHashedEncoder(settings: unknown, directory: string): Promise<HashedEncoder> {
  const { kind: _, fitted, ...options } = settingsSchema.parse(settings);
  const encoder = createHashedEncoder(options);
  if (fitted === null) return encoder;
  const frequencies = await readFloat32Array(join(directory, frequenciesName));
  if (frequencies.length !== buckets) throw new RangeError(`${frequenciesName} has ${frequencies.length} entries`);
  return build(options, frequencies);
}
