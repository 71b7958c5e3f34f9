import { ConfigError } from '@dgpo/trajectory';
import { largestM } from './graph-shape.js';

export interface HnswSettings {
  /**
   * Links of each vector per layer; more find better and take more memory.
   * @default 16
   */
  m?: number;
  /**
   * Candidates looked at when a vector is added.
   * @default 200
   */
  efConstruction?: number;
  /**
   * Candidates looked at in a search (at least `topK` always).
   * @default 64
   */
  efSearch?: number;
  /**
   * Seed of the layer that each vector is drawn into.
   * @default 100
   */
  seed?: number;
}

/** What the manifest keeps of an HNSW index. */
export interface SavedHnswSettings extends Required<HnswSettings> {
  /** Number of vectors that were added. */
  length?: number;
  /** Number of them that were deleted. */
  deleted?: number;
}

/** @throws ConfigError for an ef that is not an integer of at least 1. */
export function requireEf(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1 || value >= 2 ** 31) {
    throw new ConfigError(`HNSW ${name} must be an integer of at least 1, not ${value}`);
  }
}

/** @throws ConfigError for settings outside their range. */
export function resolveHnswSettings({
  m = 16,
  efConstruction = 200,
  efSearch = 64,
  seed = 100,
}: HnswSettings): Required<HnswSettings> {
  if (!Number.isInteger(m) || m < 2 || m > largestM) {
    throw new ConfigError(`HNSW m must be an integer of 2 to ${largestM}, not ${m}`);
  }
  requireEf('efConstruction', efConstruction);
  requireEf('efSearch', efSearch);
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 31) {
    throw new ConfigError(`HNSW seed must be an integer of at least 0, not ${seed}`);
  }
  return { m, efConstruction, efSearch, seed };
}
