import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakeHubOptions {
  /** Files of the one repository, `org/tiny`, by path. */
  files: Record<string, Buffer>;
  /** Paths kept in large-file storage, served from another origin. @default none */
  lfs?: readonly string[];
  /** Only this token may read. @default everybody may */
  token?: string;
  /** Bytes after which each of the first contents sent from storage is cut. @default never */
  cutAfter?: number[];
  /** How many of the first requests to storage are answered with 503. @default 0 */
  unavailable?: number;
  /** Announced in place of the real SHA-256. */
  announcedSha256?: string;
}

interface SeenRequest {
  host: 'hub' | 'storage';
  url: string;
  authorization: string | undefined;
  range: string | undefined;
}

export const commit = '0123456789abcdef0123456789abcdef01234567';

/** A local server that plays the hub's addresses for models, and a second one that plays its file storage. */
export async function startFakeHub(options: FakeHubOptions) {
  const { files, lfs = [], token, announcedSha256 } = options;
  const seen: SeenRequest[] = [];
  const cuts = [...(options.cutAfter ?? [])];
  let unavailable = options.unavailable ?? 0;

  const note = (host: SeenRequest['host'], request: IncomingMessage) => {
    const { authorization, range } = request.headers;
    seen.push({ host, url: request.url ?? '', authorization, range });
  };

  const send = (data: Buffer, request: IncomingMessage, response: ServerResponse, mayCut: boolean) => {
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    const start = Number(from ?? 0);
    const body = data.subarray(start, to === undefined ? undefined : Number(to) + 1);
    response.writeHead(from === undefined ? 200 : 206, {
      etag: '"tag"',
      'content-length': body.length,
      ...(from === undefined ? {} : { 'content-range': `bytes ${start}-${start + body.length - 1}/${data.length}` }),
    });
    const cut = mayCut && body.length > 1 ? cuts.shift() : undefined;
    if (cut === undefined) return response.end(body);
    return response.write(body.subarray(0, cut), () => setTimeout(() => response.destroy(), 20));
  };

  const tree = () =>
    Object.entries(files).map(([path, data]) => ({
      type: 'file',
      path,
      size: data.length,
      oid: createHash('sha1').update(`blob ${data.length}\0`).update(data).digest('hex'),
      ...(lfs.includes(path)
        ? {
            lfs: {
              oid: announcedSha256 ?? createHash('sha256').update(data).digest('hex'),
              size: data.length,
              pointerSize: 134,
            },
          }
        : {}),
    }));
  const json = (response: ServerResponse, value: unknown) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));

  const storage = createServer((request, response) => {
    note('storage', request);
    const data = files[decodeURIComponent((request.url ?? '').slice(1))];
    if (unavailable > 0) {
      unavailable -= 1;
      response.writeHead(503).end();
    } else if (data === undefined) response.writeHead(404).end();
    else send(data, request, response, true);
  });
  const storageUrl = await listen(storage);

  const hub = createServer((request, response) => {
    note('hub', request);
    const { pathname } = new URL(request.url ?? '', 'http://localhost');
    const resolvePrefix = `/org/tiny/resolve/${commit}/`;
    if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) response.writeHead(401).end();
    else if (/^\/api\/models\/org\/tiny\/revision\/(main|v1)$/.test(pathname)) json(response, { sha: commit });
    else if (pathname === `/api/models/org/tiny/tree/${commit}`) {
      json(response, [{ type: 'directory', path: 'onnx', size: 0 }, ...tree()]);
    } else if (pathname.startsWith(resolvePrefix)) {
      const path = decodeURIComponent(pathname.slice(resolvePrefix.length));
      const data = files[path];
      if (data === undefined) response.writeHead(404).end();
      else if (lfs.includes(path)) response.writeHead(302, { location: `${storageUrl}/${path}` }).end();
      else send(data, request, response, false);
    } else response.writeHead(404).end();
  });
  const endpoint = await listen(hub);

  return {
    endpoint,
    seen,
    close: async () => {
      for (const server of [hub, storage]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}

async function listen(server: ReturnType<typeof createServer>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
