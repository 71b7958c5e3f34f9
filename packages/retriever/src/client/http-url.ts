import { ConfigError } from '@dgpo/trajectory';

/** Reads the address of a server. @throws ConfigError unless it is an http or https URL without a password. */
export function httpUrl(text: string, tokenAdvice: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new ConfigError('this is not a URL such as http://127.0.0.1:8000', { where: text, cause });
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new ConfigError('the URL of a retriever begins with http:// or https://', { where: text });
  }
  if (url.username !== '' || url.password !== '') {
    throw new ConfigError(`the URL must not hold a password; ${tokenAdvice}`, { where: url.host });
  }
  return url;
}
