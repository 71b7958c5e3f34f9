import { ConfigError, isDgpoError } from '@dgpo/trajectory';

/**
 * Whatever is wrong with what the caller named is a wrong input, whichever package finds out.
 * @throws ConfigError in place of any other error with a message for people
 */
export async function openInput<T>(opening: Promise<T>): Promise<T> {
  try {
    return await opening;
  } catch (cause) {
    throw isDgpoError(cause) ? new ConfigError(cause.message, { cause }) : cause;
  }
}
