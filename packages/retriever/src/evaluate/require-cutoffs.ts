import { ConfigError } from '@dgpo/trajectory';

/** The cutoffs, each once, ascending. @throws ConfigError unless there are some and all are integers of at least 1. */
export function requireCutoffs(cutoffs: readonly number[]): number[] {
  const ascending = [...new Set(cutoffs)].sort((left, right) => left - right);
  if (ascending.length === 0 || ascending.some((k) => !Number.isInteger(k) || k < 1)) {
    throw new ConfigError('cutoffs must be integers of at least 1');
  }
  return ascending;
}
