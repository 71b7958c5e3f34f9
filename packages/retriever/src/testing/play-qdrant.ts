import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Collection {
  size: number;
  distance: string;
  /** What the collection was created with. */
  body: Record<string, unknown>;
  points: Map<number, number[]>;
}

interface PlayedRequest {
  method: string;
  path: string;
  key: string | undefined;
}

/** How a request fails instead of being answered. */
interface PlayedFault {
  status?: number;
  /** The body, instead of an error in Qdrant's shape. */
  body?: string;
  /** Milliseconds before the answer. */
  delay?: number;
  /** Close the connection without an answer. */
  drop?: boolean;
}

export interface PlayedQdrant {
  url: string;
  collections: Map<string, Collection>;
  requests: PlayedRequest[];
  /** Asked for every request; what it returns happens instead. */
  fault: (request: PlayedRequest) => PlayedFault | undefined;
  close(): Promise<void>;
}

interface Body {
  vectors?: { size: number; distance: string };
  batch?: { ids: number[]; vectors: number[][] };
  points?: number[];
  query?: number[];
  limit?: number;
  offset?: number;
}

class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

async function readJson(request: IncomingMessage): Promise<Body> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length === 0 ? {} : (JSON.parse(Buffer.concat(chunks).toString('utf8')) as Body);
}

/** Qdrant scores in float32. */
const product = (left: readonly number[], right: readonly number[]) =>
  Math.fround(left.reduce((sum, entry, column) => sum + entry * (right[column] ?? 0), 0));

/** The `result` of a request. */
function answer(
  collections: Map<string, Collection>,
  { method, path }: PlayedRequest,
  query: URLSearchParams,
  body: Body,
): unknown {
  const [, name = '', action = ''] = /^\/collections\/([^/]+)(.*)$/.exec(path) ?? [];
  const collection = collections.get(decodeURIComponent(name));
  if (method === 'PUT' && action === '' && body.vectors !== undefined) {
    if (collection !== undefined) throw new Refusal(409, `Wrong input: Collection \`${name}\` already exists!`);
    collections.set(name, { ...body.vectors, body: { ...body }, points: new Map() });
    return true;
  }
  if (collection === undefined) throw new Refusal(404, `Not found: Collection \`${name}\` doesn't exist!`);
  const { points, size, distance } = collection;
  const written = { operation_id: 0, status: query.get('wait') === 'true' ? 'completed' : 'acknowledged' };
  const requireSize = (vector: readonly number[]) => {
    if (vector.length === size) return;
    throw new Refusal(400, `Wrong input: Vector dimension error: expected dim: ${size}, got ${vector.length}`);
  };
  switch (`${method} ${action}`) {
    case 'GET ':
      return {
        status: 'green',
        optimizer_status: 'ok',
        points_count: points.size,
        segments_count: 1,
        config: { params: { vectors: { size, distance } } },
        payload_schema: {},
      };
    case 'PUT /points':
      for (const vector of body.batch?.vectors ?? []) requireSize(vector);
      for (const [row, id] of (body.batch?.ids ?? []).entries()) points.set(id, body.batch?.vectors[row] ?? []);
      return written;
    case 'POST /points/delete':
      for (const id of body.points ?? []) points.delete(id);
      return written;
    case 'POST /points/count':
      return { count: points.size };
    case 'POST /points/scroll': {
      const ids = [...points.keys()].sort((left, right) => left - right).filter((id) => id >= (body.offset ?? 0));
      const limit = body.limit ?? 10;
      return { points: ids.slice(0, limit).map((id) => ({ id })), next_page_offset: ids[limit] ?? null };
    }
    case 'POST /points/query': {
      const vector = body.query ?? [];
      requireSize(vector);
      const scored = Array.from(points, ([id, point]) => ({ id, version: 0, score: product(vector, point) }));
      // Equal scores come in no promised order: here the worst for a caller that relies on one.
      scored.sort((left, right) => right.score - left.score || right.id - left.id);
      return { points: scored.slice(0, body.limit ?? 10) };
    }
    default:
      throw new Refusal(404, 'Not found');
  }
}

/**
 * A server on a free port of 127.0.0.1 that plays the calls of Qdrant's REST API which the index uses, by exact search over its
 * memory, and that can be made to fail.
 */
export async function playQdrant(): Promise<PlayedQdrant> {
  const collections = new Map<string, Collection>();
  const requests: PlayedRequest[] = [];
  const timers = new Set<NodeJS.Timeout>();

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
    const key = request.headers['api-key'];
    const seen: PlayedRequest = {
      method: request.method ?? '',
      path: pathname,
      key: typeof key === 'string' ? key : undefined,
    };
    requests.push(seen);
    const body = await readJson(request);
    const fault = played.fault(seen);
    if (fault?.drop) {
      request.socket.destroy();
      return;
    }
    const reply = (status: number, text: string) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(text);
    };
    const answered = () => {
      if (fault?.status !== undefined || fault?.body !== undefined) {
        const error = { status: { error: 'Service internal error: played' }, time: 0 };
        reply(fault.status ?? 200, fault.body ?? JSON.stringify(error));
        return;
      }
      try {
        const result = answer(collections, seen, searchParams, body);
        reply(200, JSON.stringify({ result, status: 'ok', time: 0.001 }));
      } catch (error) {
        const { status, message } = error instanceof Refusal ? error : { status: 500, message: String(error) };
        reply(status, JSON.stringify({ status: { error: message }, time: 0 }));
      }
    };
    if (fault?.delay === undefined) answered();
    else timers.add(setTimeout(answered, fault.delay));
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const played: PlayedQdrant = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    collections,
    requests,
    fault: () => undefined,
    close: () =>
      new Promise((done) => {
        for (const timer of timers) clearTimeout(timer);
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
  return played;
}
