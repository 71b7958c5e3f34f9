import { ConfigError } from '@dgpo/trajectory';

/** @throws ConfigError that names the option unless it is an integer of at least `minimum`. */
export function requireInteger(name: string, value: number, minimum: number): void {
  if (!Number.isInteger(value) || value < minimum) {
    throw new ConfigError(`${name} must be an integer of at least ${minimum}, not ${value}`);
  }
}
