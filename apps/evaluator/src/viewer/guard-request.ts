import type { IncomingMessage } from 'node:http';
import { ViewerError } from './viewer-error.js';

/**
 * Refuses what does not come from a page of this server: a page from elsewhere can make a browser take its name for 127.0.0.1 (DNS
 * rebinding) and would then read what only this machine may, but the browser still sends that name as `Host`, and its own as `Origin`.
 * Programs other than browsers send no `Origin`.
 *
 * @throws ViewerError 403 for a foreign host or origin, 405 for everything but GET
 */
export function guardRequest(request: IncomingMessage, port: number): void {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  const { host, origin } = request.headers;
  if (host === undefined || !hosts.includes(host.toLowerCase())) {
    throw new ViewerError(403, `this server answers as ${hosts[0]} alone`);
  }
  if (origin !== undefined && !hosts.some((own) => origin.toLowerCase() === `http://${own}`)) {
    throw new ViewerError(403, 'web pages may ask this server only from itself');
  }
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    // A link from elsewhere may open the page, but nothing else may be loaded from there.
    const isNavigation = request.headers['sec-fetch-mode'] === 'navigate' && !request.url?.startsWith('/api/');
    if (!isNavigation) throw new ViewerError(403, 'web pages may ask this server only from itself');
  }
  if (request.method !== 'GET') throw new ViewerError(405, 'use GET');
}

/** The page loads nothing from elsewhere, runs its own scripts alone, and is shown in no frame. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
};
