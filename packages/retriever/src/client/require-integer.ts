import { ConfigError } from '@dgpo/trajectory';

/** @throws ConfigError naming the first option that is not an integer of at least `minimum`. */
export function requireInteger(options: Readonly<Record<string, number>>, minimum: number): void {
  for (const [name, value] of Object.entries(options)) {
    if (!Number.isInteger(value) || value < minimum) {
      throw new ConfigError(`${name} must be an integer of at least ${minimum}, not ${value}`);
    }
  }
}
