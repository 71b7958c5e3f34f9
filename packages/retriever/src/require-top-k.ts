import { ConfigError } from '@dgpo/trajectory';

/** @throws ConfigError unless `topK` is an integer of at least 1. */
export function requireTopK(topK: number): void {
  if (!Number.isInteger(topK) || topK < 1) throw new ConfigError(`topK must be an integer of at least 1, not ${topK}`);
}
