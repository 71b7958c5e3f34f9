import { createRoot, createSignal } from 'solid-js';
import { parseRoute, type Route, toHash } from './logic/route.js';

const [hash, setHash] = createSignal(window.location.hash);
window.addEventListener('hashchange', () => setHash(window.location.hash));

/** The page that the address names. */
export const currentRoute = (): Route => parseRoute(hash());

/** Goes to a page; the back button returns. */
export function goTo(route: Route): void {
  window.location.hash = toHash(route);
}

/** Changes the address of this page in place, as while somebody types: the back button leaves the page. */
export function replaceRoute(route: Route): void {
  const next = toHash(route);
  if (next === window.location.hash) return;
  window.history.replaceState(null, '', next);
  setHash(window.location.hash);
}

/** A signal that lives as long as the page and outlasts the view that reads it. */
export const lasting = <T>(value: T) => createRoot(() => createSignal(value));
