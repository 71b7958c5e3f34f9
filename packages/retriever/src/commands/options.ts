import { ConfigError } from '@dgpo/trajectory';
import { InvalidArgumentError, Option } from 'commander';

/** Parses an integer option of at least `minimum`. */
export const integerFrom = (minimum: number) => (text: string) => {
  const value = Number(text);
  if (!/^-?\d+$/.test(text) || value < minimum) {
    throw new InvalidArgumentError(`It must be an integer of at least ${minimum}.`);
  }
  return value;
};

/** Parses a number between two bounds. */
export const numberBetween = (minimum: number, maximum: number) => (text: string) => {
  const value = Number(text);
  if (text.trim() === '' || !(value >= minimum && value <= maximum)) {
    const range = maximum === Number.MAX_VALUE ? `of at least ${minimum}` : `between ${minimum} and ${maximum}`;
    throw new InvalidArgumentError(`It must be a number ${range}.`);
  }
  return value;
};

export const jsonOption = () => new Option('--json', 'print one JSON object to stdout');

export const tokenOption = () =>
  new Option('--token-env <name>', 'environment variable that holds the bearer token of the server');

/** The token in the named variable, undefined when none is named. @throws ConfigError when the variable is not set. */
export function readToken(
  name: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (name === undefined) return undefined;
  const token = environment[name];
  if (token === undefined || token === '') {
    throw new ConfigError(`the environment variable ${name} is not set; it must hold the token`, {
      where: '--token-env',
    });
  }
  return token;
}
