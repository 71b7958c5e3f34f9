import { createServer, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom, type Random } from '@dgpo/trajectory';

/** What the proxy may do to an answer, with how often. */
const faults = {
  none: 0.58,
  slow: 0.07,
  drip: 0.03,
  error: 0.08,
  truncated: 0.06,
  short: 0.06,
  malformed: 0.06,
  reset: 0.06,
} as const;

type Fault = keyof typeof faults;

export interface FaultProxy {
  readonly url: string;
  /** How often each fault was drawn; `full` counts requests beyond the queue, `down` those without a server. */
  readonly drawn: Readonly<Record<string, number>>;
  close(): Promise<void>;
}

function draw(random: Random): Fault {
  let rest = random.next();
  for (const [name, share] of Object.entries(faults)) {
    rest -= share;
    if (rest < 0) return name as Fault;
  }
  return 'none';
}

const spoilt = ['<html>502 Bad Gateway</html>', '{"results": []}', '{"result": []}', '[]', '', 'null'];

async function spoil(fault: Fault, answer: string, response: ServerResponse, random: Random): Promise<void> {
  const body = Buffer.from(answer);
  const half = body.subarray(0, Math.floor(body.length / 2));
  const headers = { 'Content-Type': 'application/json', 'Content-Length': body.length };
  switch (fault) {
    case 'error':
      response.writeHead(random.pick([500, 502, 503, 504])).end('upstream failed');
      return;
    case 'truncated':
      // The connection breaks in the middle.
      response.writeHead(200, headers).write(half, () => response.destroy());
      return;
    case 'short':
      // The answer ends in the middle as if it were whole.
      response.writeHead(200).end(half);
      return;
    case 'malformed':
      response.writeHead(200).end(random.pick(spoilt));
      return;
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'drip': {
      response.writeHead(200, headers);
      const step = Math.max(1, Math.ceil(body.length / 20));
      for (let start = 0; start < body.length && !response.destroyed; start += step) {
        response.write(body.subarray(start, start + step));
        await sleep(random.integer(150));
      }
      response.end();
      return;
    }
    case 'slow':
      await sleep(random.integer(2500));
  }
  response.writeHead(200, headers).end(body);
}

/** Stands before a server and spoils answers as a seed draws it; takes `queue` requests at once, further ones get 429. */
export async function startFaultProxy({
  upstream,
  queue,
  seed,
}: {
  upstream: () => string | undefined;
  queue: number;
  seed: number;
}): Promise<FaultProxy> {
  const drawn: Record<string, number> = {};
  const count = (name: string) => {
    drawn[name] = (drawn[name] ?? 0) + 1;
  };
  const root = createRandom(seed).split('soak-faults');
  let requests = 0;
  let inFlight = 0;

  async function ask(path: string, body: Buffer): Promise<string | undefined> {
    const url = upstream();
    if (url === undefined) return undefined;
    try {
      const response = await fetch(`${url}${path}`, { method: 'POST', body, signal: AbortSignal.timeout(5000) });
      return response.ok ? await response.text() : undefined;
    } catch {
      return undefined;
    }
  }

  const server = createServer(async (request, response) => {
    inFlight += 1;
    try {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      if (inFlight > queue) {
        count('full');
        response.writeHead(429, { 'Retry-After': '1' }).end();
        return;
      }
      const random = root.split(requests++);
      const answer = await ask(request.url ?? '/', Buffer.concat(parts));
      if (answer === undefined) {
        count('down');
        response.writeHead(502).end('no upstream');
        return;
      }
      const fault = draw(random);
      count(fault);
      await spoil(fault, answer, response, random);
    } catch {
      // The client has gone: nothing is left to answer.
      response.destroy();
    } finally {
      inFlight -= 1;
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    drawn,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
