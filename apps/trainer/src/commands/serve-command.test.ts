import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTinyAgent } from '../ask/__fixtures__/tiny-agent.js';
import { runProgram } from '../program.js';

let root: string;
let model: string;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'dgpo-serve-'));
  model = (await writeTinyAgent(root)).checkpoint;
});
afterAll(() => rmSync(root, { recursive: true }));

function serve(words: string[], environment: Record<string, string> = {}) {
  const controller = new AbortController();
  const text = { out: '', error: '' };
  const code = runProgram(['serve', ...words], {
    output: { write: (part) => (text.out += part) },
    errors: { write: (part) => (text.error += part) },
    environment,
    workingDirectory: root,
    signal: controller.signal,
  });
  return { code, text, stop: () => controller.abort() };
}
const base = () => [model, '--engine', 'cpu', '--port', '0'];

describe('dgpo serve', () => {
  it('says where it is, answers, and stops when it is interrupted', async () => {
    const { code, text, stop } = serve([...base(), '--name', 'mine', '--max-context', '64']);
    await expect.poll(() => text.out, { timeout: 20_000 }).not.toBe('');
    expect(text.out).toMatch(/^serving mine at http:\/\/127\.0\.0\.1:\d+\/v1 \(engine cpu\); Ctrl-C stops\n$/);
    const url = /http\S+/.exec(text.out)?.[0];
    const { data } = (await (await fetch(`${url}/models`)).json()) as { data: object[] };
    expect(data).toMatchObject([{ id: 'mine', max_model_len: 64 }]);
    stop();
    expect(await code).toBe(0);
    expect(text.error).toBe('stopped\n');
    await expect(fetch(`${url}/models`)).rejects.toThrow();
  });

  it('takes its key from the environment', async () => {
    const { code, text, stop } = serve([...base(), '--json', '--host', '0.0.0.0'], { DGPO_API_KEY: 'k' });
    await expect.poll(() => text.out, { timeout: 20_000 }).not.toBe('');
    const { url, ...rest } = JSON.parse(text.out) as { url: string };
    expect(rest).toEqual({ model: 'model', engine: 'cpu' });
    const local = url.replace('0.0.0.0', '127.0.0.1');
    expect((await fetch(`${local}/v1/models`)).status).toBe(401);
    expect((await fetch(`${local}/v1/models`, { headers: { Authorization: 'Bearer k' } })).status).toBe(200);
    stop();
    expect(await code).toBe(0);
    expect(text.out + text.error).not.toContain('Bearer');
  });

  it.each([
    [['--host', '0.0.0.0'], /opens the model to the network/],
    [['--max-context', '500'], /maxContextTokens: is 500, but this model reads 256 tokens/],
    [['--max-batch', '0'], /integer of at least 1/],
    [['--api-key', ''], /the API key is empty/],
  ])('refuses %j with exit code 2', async (words, message) => {
    const { code, text } = serve([...base(), ...words]);
    expect(await code).toBe(2);
    expect(text.error).toMatch(message);
  });

  it('has this help', async () => {
    const { code, text } = serve(['--help']);
    expect(await code).toBe(0);
    expect(`\n${text.out}`).toMatchInlineSnapshot(`
      "
      Usage: dgpo serve [options] <checkpoint>

      Serve a model over HTTP to clients of OpenAI's API.

      Arguments:
        checkpoint              model folder, .gguf file, or org/name on the Hugging Face hub

      Where it listens:
        --host <address>        beyond loopback, an API key is required (default: "127.0.0.1")
        --port <number>         0 takes a free one (default: 8000)
        --api-key <key>         clients send it as bearer token; better in the variable DGPO_API_KEY
        --name <name>           what clients call the model; otherwise the last part of its path

      How it answers:
        --max-context <number>  tokens of prompt and answer; at most 2048 unless given
        --max-batch <number>    sequences sampled side by side (default: 8)
        --max-queue <number>    sequences that may wait; then clients get 429 (default: 64)
        --timeout <seconds>     that an answer may take (default: 600)
        --seed <number>         seed of every random choice (default: 0)
        --engine <name>         TensorFlow.js backend; auto takes the fastest that works here (choices:
                                "auto", "tensorflow", "webgpu", "wasm", "cpu", default: "auto")

      Output:
        --json                  print one JSON object to stdout and nothing else
        -h, --help              display help for command
      "
    `);
  });
});
