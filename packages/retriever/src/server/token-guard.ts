import { createHash, timingSafeEqual } from 'node:crypto';
import { ConfigError } from '@dgpo/trajectory';
import type { MiddlewareHandler } from 'hono';
import { RequestError } from './request-error.js';

const digest = (text: string) => createHash('sha256').update(text).digest();

/**
 * Lets only requests with `Authorization: Bearer <token>` pass, apart from those to the open paths. Digests of equal length are
 * compared in constant time, so an answer's time says nothing about the token.
 * @throws ConfigError for a token that does not fit into the header.
 */
export function createTokenGuard({
  token,
  openPaths,
}: {
  token: string;
  openPaths: readonly string[];
}): MiddlewareHandler {
  if (!/^[\w.~+/-]+=*$/.test(token)) {
    throw new ConfigError('the token must not be empty and may hold only letters, digits and . _ ~ + / - =');
  }
  const expected = digest(token);
  return async (context, next) => {
    if (openPaths.includes(context.req.path)) return next();
    const given = /^Bearer +(\S+) *$/i.exec(context.req.header('Authorization') ?? '')?.[1];
    const challenge = { 'WWW-Authenticate': 'Bearer' };
    if (given === undefined) {
      throw new RequestError(401, 'this server asks for Authorization: Bearer <token>', challenge);
    }
    if (!timingSafeEqual(digest(given), expected)) throw new RequestError(401, 'the bearer token is wrong', challenge);
    return next();
  };
}
