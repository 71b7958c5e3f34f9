import { type ClientRequest, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** The server of a soak takes so many requests at once. */
export const serverQueue = 8;

/** A request whose body does not end: it holds its place in the queue until it is destroyed. */
function hold(url: string): ClientRequest {
  const held = request(`${url}/retrieve`, { method: 'POST', headers: { 'Content-Length': '1000' } });
  held.on('error', () => undefined);
  held.write('{"queries": [');
  return held;
}

/** Fills the queue of a server and asks once more: whether it refused with 429 and `Retry-After`; undefined when it went away. */
export async function refusesWhenFull(url: string): Promise<boolean | undefined> {
  const held = Array.from({ length: serverQueue }, () => hold(url));
  try {
    await sleep(200);
    const body = JSON.stringify({ queries: ['one more'] });
    const response = await fetch(`${url}/retrieve`, { method: 'POST', body, signal: AbortSignal.timeout(5000) });
    await response.arrayBuffer();
    return response.status === 429 && response.headers.has('Retry-After');
  } catch {
    return undefined;
  } finally {
    for (const request of held) request.destroy();
  }
}
