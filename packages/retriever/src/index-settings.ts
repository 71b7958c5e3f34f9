import { ConfigError } from '@dgpo/trajectory';
import { z } from 'zod';

export interface HybridSettings {
  /**
   * The constant of reciprocal rank fusion: larger values weigh late ranks more.
   * @default 60
   */
  k?: number;
  /**
   * How many passages of each ranking are joined (at least `topK` always).
   * @default 100
   */
  depth?: number;
  /**
   * Weight of the ranking by words and of that by vectors.
   * @default [1, 1]
   */
  weights?: readonly [number, number];
}

/** How an index was built, as it stands in its manifest. */
export const indexSettingsSchema = z.object({
  bm25: z.object({ k1: z.number(), b: z.number(), idf: z.enum(['lucene', 'robertson']) }).optional(),
  vectors: z
    .object({
      kind: z.enum(['flat', 'hnsw', 'lancedb', 'qdrant']),
      dimension: z.number().int().positive(),
      index: z.record(z.string(), z.unknown()),
      encoder: z.looseObject({ kind: z.string() }),
    })
    .optional(),
  fusion: z
    .object({
      k: z.number().positive(),
      depth: z.number().int().positive(),
      weights: z.tuple([z.number().nonnegative(), z.number().nonnegative()]),
    })
    .optional(),
});

export type IndexSettings = z.infer<typeof indexSettingsSchema>;

/** @throws ConfigError for settings outside their range. */
export function resolveHybridSettings({
  k = 60,
  depth = 100,
  weights = [1, 1],
}: HybridSettings = {}): NonNullable<IndexSettings['fusion']> {
  if (!(Number.isFinite(k) && k > 0)) throw new ConfigError(`fusion k must be a number above 0, not ${k}`);
  if (!Number.isInteger(depth) || depth < 1) {
    throw new ConfigError(`fusion depth must be an integer of at least 1, not ${depth}`);
  }
  if (!weights.every((weight) => Number.isFinite(weight) && weight >= 0) || weights.every((weight) => weight === 0)) {
    throw new ConfigError('fusion weights must be numbers of at least 0, one of them above 0');
  }
  return { k, depth, weights: [...weights] };
}
