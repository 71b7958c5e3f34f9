import { RequestError } from './request-error.js';

const loopbackOrigin = /^https?:\/\/(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/;

/**
 * Refuses requests of web pages from elsewhere: a page can make a browser believe that its name is 127.0.0.1 (DNS rebinding) and would
 * then read what only this machine may. Programs other than browsers send no `Origin`.
 * @throws RequestError 403.
 */
export function requireLocalOrigin(request: Request): void {
  const origin = request.headers.get('Origin');
  if (origin !== null && !loopbackOrigin.test(origin)) {
    throw new RequestError(403, 'web pages may ask this server only from this machine');
  }
}
