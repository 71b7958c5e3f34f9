import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import { requireInteger } from '../require-integer.js';
import { readFloat32Array, writeTypedArray } from '../store/typed-array-file.js';
import type { Encoder } from './encoder.js';
import { buckets, createFeatureHash, createFrequencyCounts } from './hashed-features.js';

export interface HashedEncoderOptions {
  /**
   * Length of the vectors; longer ones confuse fewer features.
   * @default 1024
   */
  dimension?: number;
  /**
   * Signed coordinates of each feature; with more of them, two features that meet in one still differ in the others.
   * @default 2
   */
  coordinates?: number;
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

export interface FitHashedEncoderOptions extends HashedEncoderOptions {
  /** The texts of the corpus; each is looked at once. */
  texts: AsyncIterable<string> | Iterable<string>;
  /** Ends the work early with the signal's reason. */
  signal?: AbortSignal;
}

export interface HashedEncoder extends Encoder {
  encode(texts: readonly string[]): Float32Array[];
  /** The same encoder with inverse document frequencies counted over these texts; this one stays as it is. */
  fit(texts: Iterable<string>): HashedEncoder;
}

const frequenciesName = 'inverse-document-frequencies.f32';

/** Characters counted before timers and signals have their turn. */
const charactersPerTurn = 1 << 18;

const settingsSchema = z.object({
  kind: z.literal('hashed'),
  dimension: z.number(),
  coordinates: z.number(),
  seed: z.number(),
  wordNgrams: z.number(),
  characterNgrams: z.number(),
  fitted: z.string().nullable(),
});

function resolveOptions({
  dimension = 1024,
  coordinates = 2,
  seed = 0,
  wordNgrams = 1,
  characterNgrams = 4,
}: HashedEncoderOptions): Required<HashedEncoderOptions> {
  requireInteger('dimension', dimension, 1);
  requireInteger('coordinates', coordinates, 1);
  requireInteger('seed', seed, 0);
  requireInteger('wordNgrams', wordNgrams, 1);
  requireInteger('characterNgrams', characterNgrams, 0);
  return { dimension, coordinates, seed, wordNgrams, characterNgrams };
}

function build(
  options: Required<HashedEncoderOptions>,
  /** `[buckets]`, or null before {@link HashedEncoder.fit}: every feature then counts the same. */
  frequencies: Float32Array | null,
): HashedEncoder {
  const { dimension, coordinates } = options;
  const hash = createFeatureHash(options);

  const encodeOne = (text: string): Float32Array => {
    const sums = new Float64Array(dimension);
    for (const [key, count] of hash.features(text)) {
      const weight = frequencies === null ? count : count * (frequencies[key % buckets] as number);
      let place = key;
      for (let coordinate = 0; coordinate < coordinates; coordinate++) {
        place = hash.place(place);
        const index = (place >>> 1) % dimension;
        sums[index] = (sums[index] as number) + (place & 1 ? weight : -weight);
      }
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
      const counts = createFrequencyCounts(hash);
      for (const text of texts) counts.add(text);
      return build(options, counts.inverse());
    },
    async save(directory) {
      if (frequencies !== null) await writeTypedArray(join(directory, frequenciesName), frequencies);
    },
  };
}

/**
 * An encoder that needs no model: words and letter runs are hashed to signed coordinates ("feature hashing", Weinberger et
 * al., ICML 2009, https://arxiv.org/abs/0902.2206; several coordinates each as in a sparse random projection), weighted by 1 + ln(term frequency) and, after `fit`, by inverse document
 * frequency, and scaled to length 1. It finds shared words, not shared meaning. Deterministic.
 * @throws ConfigError for options outside their range.
 */
export function createHashedEncoder(options: HashedEncoderOptions = {}): HashedEncoder {
  return build(resolveOptions(options), null);
}

/**
 * {@link createHashedEncoder} with inverse document frequencies counted over a stream of texts: the same encoder as `fit` gives, in memory that
 * does not grow with the corpus.
 * @throws ConfigError for options outside their range; whatever the stream throws.
 */
export async function fitHashedEncoder({ texts, signal, ...given }: FitHashedEncoderOptions): Promise<HashedEncoder> {
  const options = resolveOptions(given);
  const counts = createFrequencyCounts(createFeatureHash(options));
  let characters = 0;
  signal?.throwIfAborted();
  for await (const text of texts) {
    counts.add(text);
    characters += text.length;
    if (characters < charactersPerTurn) continue;
    characters = 0;
    await setImmediate();
    signal?.throwIfAborted();
  }
  return build(options, counts.inverse());
}

/** Restores an encoder from its settings and what it saved. @throws when they do not fit together. */
export async function readHashedEncoder(settings: unknown, directory: string): Promise<HashedEncoder> {
  const { kind: _, fitted, ...options } = settingsSchema.parse(settings);
  const encoder = createHashedEncoder(options);
  if (fitted === null) return encoder;
  const frequencies = await readFloat32Array(join(directory, frequenciesName));
  if (frequencies.length !== buckets) throw new RangeError(`${frequenciesName} has ${frequencies.length} entries`);
  const restored = build(options, frequencies);
  if (restored.settings.fitted !== fitted) throw new RangeError(`${frequenciesName} is of another encoder`);
  return restored;
}
