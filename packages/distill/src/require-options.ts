import { ConfigError } from '@dgpo/trajectory';

/** @throws ConfigError naming the option when the value is not a whole number of at least 1. */
export function requireCount(where: string, value: number | undefined): void {
  if (value === undefined || value === Number.POSITIVE_INFINITY) return;
  if (!Number.isInteger(value) || value < 1) throw new ConfigError(`expected at least 1, found ${value}`, { where });
}
