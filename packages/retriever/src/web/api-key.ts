import { ConfigError } from '@dgpo/trajectory';

/** The environment a key is read from. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** @throws ConfigError when the variable is not set or empty. */
export function readApiKey(name: string, environment: Environment): string {
  const key = environment[name];
  if (key === undefined || key === '') {
    throw new ConfigError('this environment variable is not set; it must hold the key of the search engine', {
      where: name,
    });
  }
  return key;
}
