import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createBm25Retriever } from '../bm25/bm25-retriever.js';
import { createRetrieverClient } from '../client/create-retriever-client.js';
import type { Retriever } from '../retriever.js';
import { createRetrieverServer } from './create-retriever-server.js';
import { type RunningServer, type ServeRetrieverOptions, serveRetriever } from './serve-retriever.js';

const retriever = createBm25Retriever({
  documents: [
    { id: 'peru', contents: '"Peru"\nThe capital is Lima — on the Pacific.' },
    { id: 'chile', contents: '"Chile"\nThe capital is Santiago.' },
  ],
});

/** A promise that the test fulfils. */
function gate() {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((fulfil) => {
    resolve = fulfil;
  });
  return { promise, resolve: () => resolve() };
}

let running: RunningServer | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});
const start = async (options: Partial<ServeRetrieverOptions> & { retriever?: Retriever; token?: string } = {}) => {
  const { retriever: served = retriever, token, ...rest } = options;
  const app = createRetrieverServer({ retriever: served, ...(token && { token }) });
  running = await serveRetriever({ app, port: 0, ...rest });
  return running;
};

describe('serveRetriever', () => {
  it('answers a client over a real socket exactly as the retriever in the process does', async () => {
    const { url, port } = await start();
    expect(url).toBe(`http://127.0.0.1:${port}`);
    const request = { queries: ['Lima', 'capital', 'zzz'], topK: 2 };
    const expected = await retriever.retrieve(request);
    expect(expected.map((list) => list.length)).toEqual([1, 2, 0]);
    for (const address of [url, `${url}/`, `${url}/retrieve`]) {
      expect(await createRetrieverClient({ url: address, batchSize: 2, retries: 0 }).retrieve(request)).toEqual(
        expected,
      );
    }
  });

  it('works with a token and says when it is missing', async () => {
    const { url } = await start({ token: 'abc' });
    const request = { queries: ['Lima'], topK: 1 };
    expect(await createRetrieverClient({ url, token: 'abc' }).retrieve(request)).toHaveLength(1);
    await expect(createRetrieverClient({ url }).retrieve(request)).rejects.toThrow(/refused.*401.*Bearer/);
  });

  it('does not complain of a client that goes away in the middle of its request', async () => {
    const complaints: string[] = [];
    const app = createRetrieverServer({ retriever, logger: (message) => complaints.push(message) });
    running = await serveRetriever({ app, port: 0 });
    const socket = connect(running.port, '127.0.0.1');
    socket.write('POST /retrieve HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"queries": [');
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await createRetrieverClient({ url: running.url }).retrieve({ queries: ['Lima'], topK: 1 })).toHaveLength(1);
    expect(complaints).toEqual([]);
  });

  it('listens beyond loopback only with a token', async () => {
    const app = createRetrieverServer({ retriever });
    await expect(serveRetriever({ app, host: '0.0.0.0', port: 0 })).rejects.toThrow(/--token-env/);
    await expect(start({ host: '0.0.0.0', token: 'abc' })).resolves.toBeDefined();
  });

  it('says when the port is taken', async () => {
    const { port } = await start();
    const app = createRetrieverServer({ retriever });
    await expect(serveRetriever({ app, port })).rejects.toThrow(/another program listens there/);
    await expect(serveRetriever({ app, port: 70_000 })).rejects.toThrow(/0 to 65535/);
  });

  it('lets a request in progress finish when it closes, then frees the port', async () => {
    const release = gate();
    const arrived = gate();
    const slow: Retriever = {
      async retrieve(options) {
        arrived.resolve();
        await release.promise;
        return retriever.retrieve(options);
      },
    };
    const server = await start({ retriever: slow });
    const answer = createRetrieverClient({ url: server.url, retries: 0 }).retrieve({ queries: ['Lima'], topK: 1 });
    await arrived.promise;
    const closed = server.close();
    release.resolve();
    expect((await answer)[0]?.[0]?.document.id).toBe('peru');
    await closed;
    await expect(fetch(`${server.url}/health`)).rejects.toThrow();
  });

  it('turns unready at once when it closes, and cuts off what is still running after the grace', async () => {
    const arrived = gate();
    const stopped = gate();
    const stuck: Retriever = {
      retrieve({ signal }) {
        signal?.addEventListener('abort', stopped.resolve);
        arrived.resolve();
        return new Promise(() => undefined);
      },
    };
    const app = createRetrieverServer({ retriever: stuck });
    const server = await serveRetriever({ app, port: 0, grace: 30 });
    const answer = fetch(`${server.url}/retrieve`, { method: 'POST', body: '{"queries":["Lima"]}' });
    const refused = expect(answer).rejects.toThrow();
    await arrived.promise;
    const closed = server.close();
    expect((await app.request('/ready')).status).toBe(503);
    await closed;
    await refused;
    await stopped.promise;
  });

  it('stops the search of a client that went away and frees its place', async () => {
    const arrived = gate();
    const left = gate();
    const stuck: Retriever = {
      retrieve({ queries, topK, signal }) {
        if (queries[0] !== 'stuck') return retriever.retrieve({ queries, topK });
        arrived.resolve();
        return new Promise((_, reject) => {
          signal?.addEventListener('abort', () => {
            left.resolve();
            reject(signal.reason);
          });
        });
      },
    };
    const app = createRetrieverServer({ retriever: stuck, maxQueue: 1 });
    running = await serveRetriever({ app, port: 0 });
    const controller = new AbortController();
    const gone = fetch(`${running.url}/retrieve`, {
      method: 'POST',
      body: '{"queries":["stuck"]}',
      signal: controller.signal,
    });
    const refused = expect(gone).rejects.toThrow();
    await arrived.promise;
    controller.abort();
    await refused;
    await left.promise;
    const next = await createRetrieverClient({ url: running.url }).retrieve({ queries: ['Lima'], topK: 1 });
    expect(next[0]?.[0]?.document.id).toBe('peru');
  });

  it('drops a connection on which nothing happens', async () => {
    const { port } = await start({ idleTimeout: 50 });
    await new Promise<void>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      socket.on('close', () => resolve());
      socket.on('error', reject);
    });
  });

  it('drops a client that does not finish its request', async () => {
    const { port } = await start({ requestTimeout: 100 });
    const received = await new Promise<string>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write('POST /retrieve HTTP/1.1\r\nHost: x\r\n'));
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.on('close', () => resolve(text));
      socket.on('error', reject);
    });
    expect(received).toMatch(/^HTTP\/1\.1 408/);
  });
});
