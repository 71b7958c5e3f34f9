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

  it('fails with one error, and closes, when the index cannot be opened', async () => {
    const server = start(['absent']);
    await expect(server.ended).rejects.toThrow(/absent: there is no such index/);
    expect(server.text.out).toBe('');
  });

  it('refuses the network without a token before it opens anything', async () => {
    await expect(start(['absent', '--host', '0.0.0.0']).ended).rejects.toThrow(/--token-env/);
  });
});
