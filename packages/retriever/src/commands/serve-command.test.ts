import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { serveCommand } from './serve-command.js';

const corpus = fileURLToPath(new URL('../__fixtures__/hotpotqa-12/corpus.jsonl', import.meta.url));

function start(words: string[], environment: Record<string, string> = {}) {
  const controller = new AbortController();
  const text = { out: '', error: '' };
  const ended = serveCommand({
    environment,
    signal: controller.signal,
    writeOut: (part) => {
      text.out += part;
    },
    writeError: (part) => {
      text.error += part;
    },
  }).parseAsync([...words, '--port', '0'], { from: 'user' });
  const started = async () => {
    while (!text.out.includes('\n')) {
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 5))]);
    }
  };
  return { text, ended, started, interrupt: () => controller.abort() };
}

describe('dgpo-retriever serve', () => {
  it('prints its line when it is ready, and serves by its flags', async () => {
    const words = ['--max-topk', '5', '--max-queries', '2', '--cache', '0', '--mcp', '--open-metrics', '--json'];
    const server = start([corpus, ...words, '--token-env', 'TOKEN'], { TOKEN: 'abc' });
    await server.started();
    const line = JSON.parse(server.text.out) as { url: string };
    expect(line).toEqual({
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      kind: 'bm25',
      documents: 120,
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const ask = async (body: object) =>
      (
        await fetch(`${line.url}/retrieve`, {
          method: 'POST',
          body: JSON.stringify(body),
          headers: { Authorization: 'Bearer abc' },
        })
      ).status;
    expect((await fetch(`${line.url}/ready`)).status).toBe(200);
    expect(await ask({ queries: ['Akkadian'], topk: 5 })).toBe(200);
    expect(await ask({ queries: ['Akkadian'], topk: 6 })).toBe(400);
    expect(await ask({ queries: ['a', 'b', 'c'] })).toBe(413);
    expect((await fetch(`${line.url}/openapi.json`)).status).toBe(401);
    const metrics = await (await fetch(`${line.url}/metrics`)).text();
    expect(metrics).toContain('dgpo_retriever_cache_entries 0\n');
    expect((await fetch(`${line.url}/mcp`, { headers: { Authorization: 'Bearer abc' } })).status).toBe(405);
    server.interrupt();
    await server.ended;
    expect(server.text.error).toBe('stopped\n');
    await expect(fetch(`${line.url}/health`)).rejects.toThrow();
  });

  it('reranks its searches by another server where it is asked to', async () => {
    // Scores passages by their length: the longest of the candidates comes first.
    const scorer = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      const { documents } = JSON.parse(body) as { documents: { contents: string }[][] };
      const result = documents.map((list) =>
        list
          .map((document) => ({ document, score: document.contents.length }))
          .sort((left, right) => right.score - left.score),
      );
      response.setHeader('Content-Type', 'application/json').end(JSON.stringify({ result }));
    }).listen(0, '127.0.0.1');
    await once(scorer, 'listening');
    const { port } = scorer.address() as AddressInfo;
    const flags = ['--rerank', `http://127.0.0.1:${port}`, '--rerank-candidates', '5', '--json'];
    const [plain, reranked] = [start([corpus, '--json']), start([corpus, ...flags])];
    const search = async (server: ReturnType<typeof start>, topk: number) => {
      await server.started();
      const { url } = JSON.parse(server.text.out) as { url: string };
      const body = JSON.stringify({ queries: ['Akkadian spirit'], topk });
      const answer = await (await fetch(`${url}/retrieve`, { method: 'POST', body })).json();
      return (answer as { result: { contents: string }[][] }).result[0] ?? [];
    };
    const candidates = await search(plain, 5);
    const longest = [...candidates].sort((left, right) => right.contents.length - left.contents.length)[0];
    expect(longest).not.toEqual(candidates[0]);
    expect(await search(reranked, 1)).toEqual([longest]);
    const printed = (server: ReturnType<typeof start>) => JSON.parse(server.text.out) as { fingerprint: string };
    expect(printed(reranked).fingerprint).not.toBe(printed(plain).fingerprint);
    for (const server of [plain, reranked]) {
      server.interrupt();
      await server.ended;
    }
    scorer.close();
  });

  it('refuses options of reranking that do not fit together', async () => {
    const both = ['--rerank', 'http://127.0.0.1:1', '--rerank-model', 'm'];
    await expect(start([corpus, ...both]).ended).rejects.toThrow(/give one of them/);
    await expect(start([corpus, '--rerank-candidates', '5']).ended).rejects.toThrow(/needs --rerank URL/);
  });

  it('fails with one error, and closes, when the index cannot be opened', async () => {
    const server = start(['absent']);
    await expect(server.ended).rejects.toThrow(/absent: there is no such index/);
    expect(server.text.out).toBe('');
  });

  it('refuses the network without a token before it opens anything', async () => {
    await expect(start(['absent', '--host', '0.0.0.0']).ended).rejects.toThrow(/--token-env/);
  });
});
