import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakeHubOptions {
  /** Files of the one repository, by path. */
  files: Record<string, Buffer>;
  /** Such as `models/org/name`. */
  repository: string;
  /** Paths kept in large-file storage, served from another origin. @default none */
  lfs?: readonly string[];
  /** Only this token may read. @default everybody may */
  token?: string;
  /** Bytes after which each of the first connections to a file is cut. @default never */
  cutAfter?: number[];
  /** Bytes of the file that the client has: a connection is cut once they have all arrived. Needed with `cutAfter`. */
  arrived?: () => number;
  /** Entries per page of the listing. @default all */
  pageSize?: number;
  /** Announced in place of the real hash. */
  announcedSha256?: string;
}

interface SeenRequest {
  host: string;
  url: string;
  authorization: string | undefined;
  range: string | undefined;
}

/** A local server that plays the hub's listing and `resolve` addresses, and a second one that plays its file storage. */
export async function startFakeHub(options: FakeHubOptions) {
  const seen: SeenRequest[] = [];
  const cuts = [...(options.cutAfter ?? [])];
  const [type = '', ...name] = options.repository.split('/');
  const prefix = type === 'models' ? '' : `/${type}`;
  const resolvePrefix = `${prefix}/${name.join('/')}/resolve/main/`;

  const note = (host: string, request: IncomingMessage) => {
    const { authorization, range } = request.headers;
    seen.push({ host, url: request.url ?? '', authorization, range });
  };

  const send = (data: Buffer, request: IncomingMessage, response: ServerResponse) => {
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (start >= data.length && start > 0) return response.writeHead(416).end();
    const body = data.subarray(start);
    response.writeHead(start > 0 ? 206 : 200, {
      'content-length': body.length,
      ...(start > 0 ? { 'content-range': `bytes ${start}-${data.length - 1}/${data.length}` } : {}),
    });
    const cut = cuts.shift();
    if (cut === undefined) return response.end(body);
    const cutOff = setInterval(() => {
      if ((options.arrived?.() ?? 0) < start + cut && !response.destroyed) return;
      clearInterval(cutOff);
      response.destroy();
    }, 5);
    return response.write(body.subarray(0, cut));
  };

  const listing = (request: IncomingMessage, response: ServerResponse) => {
    const all = Object.entries(options.files).map(([path, data]) => ({
      type: 'file',
      path,
      size: data.length,
      oid: createHash('sha1').update(`blob ${data.length}\0`).update(data).digest('hex'),
      ...(options.lfs?.includes(path)
        ? {
            lfs: {
              oid: options.announcedSha256 ?? createHash('sha256').update(data).digest('hex'),
              size: data.length,
              pointerSize: 134,
            },
          }
        : {}),
    }));
    const url = new URL(request.url ?? '', 'http://localhost');
    const from = Number(url.searchParams.get('cursor') ?? 0);
    const to = from + (options.pageSize ?? all.length);
    url.searchParams.set('cursor', String(to));
    const headers = to < all.length ? { link: `<${url.pathname}${url.search}>; rel="next"` } : {};
    response.writeHead(200, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify([{ type: 'directory', path: 'folder', size: 0 }, ...all.slice(from, to)]));
  };

  const storage = createServer((request, response) => {
    note('storage', request);
    const data = options.files[decodeURIComponent((request.url ?? '').slice(1))];
    if (data === undefined) response.writeHead(404).end();
    else send(data, request, response);
  });
  const storageUrl = await listen(storage);

  const hub = createServer((request, response) => {
    note('hub', request);
    const url = request.url ?? '';
    if (options.token !== undefined && request.headers.authorization !== `Bearer ${options.token}`) {
      response.writeHead(401).end();
    } else if (url.startsWith(`/api/${options.repository}/tree/main`)) {
      listing(request, response);
    } else if (url.startsWith(resolvePrefix)) {
      const path = decodeURIComponent(url.slice(resolvePrefix.length));
      const data = options.files[path];
      if (data === undefined) response.writeHead(404).end();
      else if (options.lfs?.includes(path)) {
        response.writeHead(302, { location: `${storageUrl}/${encodeURIComponent(path)}` }).end();
      } else send(data, request, response);
    } else {
      response.writeHead(404).end();
    }
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
