import { ConfigError } from '@dgpo/trajectory';

/** @throws ConfigError when an option is not a whole number of at least `least`. */
export function checkWhole(name: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least) {
    throw new ConfigError(`expected a whole number of at least ${least}, found ${value}`, { where: name });
  }
}
