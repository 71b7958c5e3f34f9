import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadModel } from '@dgpo/lm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTinyAgent } from '../ask/__fixtures__/tiny-agent.js';
import { runProgram } from '../program.js';
import type { CliSurroundings } from './surroundings.js';

let root: string;
let model: string;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'dgpo-generate-'));
  model = (await writeTinyAgent(root)).checkpoint;
});
afterAll(() => rmSync(root, { recursive: true }));

async function* chunks(...parts: string[]) {
  yield* parts;
}

async function run(words: string[], more: Partial<CliSurroundings> = {}) {
  const text = { out: '', error: '', parts: [] as string[] };
  const code = await runProgram(['generate', ...words], {
    output: {
      write: (part) => {
        text.out += part;
        text.parts.push(part);
      },
    },
    errors: { write: (part) => (text.error += part) },
    environment: {},
    workingDirectory: root,
    signal: new AbortController().signal,
    input: chunks(),
    ...more,
  });
  return { code, ...text };
}

interface Generated {
  text: string;
  token_ids: number[];
  logprobs: number[];
  finish_reason: string;
  usage: object;
}
const generate = async (words: string[], more?: Partial<CliSurroundings>) =>
  JSON.parse((await run([...words, '--json'], more)).out) as Generated;
const base = () => ['--model', model, '--engine', 'cpu', '--max-tokens', '12'];
const hot = ['--temperature', '1', '--seed', '4'];

describe('dgpo generate', () => {
  it('streams what --json holds, and the text is that of the tokens', async () => {
    const { tokenizer } = await loadModel({ directory: model });
    const streamed = await run(['Peru is', ...base(), ...hot]);
    expect(streamed).toMatchObject({ code: 0, error: '' });
    expect(streamed.parts.length).toBeGreaterThan(3);
    const { seconds, ...result } = (await generate(['Peru is', ...base(), ...hot])) as Generated & { seconds: number };
    expect(seconds).toBeGreaterThan(0);
    expect(`${result.text}\n`).toBe(streamed.out);
    expect(tokenizer.decode(result.token_ids, { skipSpecial: true })).toBe(result.text);
    expect(result.logprobs.every((value) => value < 0)).toBe(true);
    const prompt = tokenizer.encode('Peru is').length;
    expect(result.usage).toEqual({ prompt_tokens: prompt, completion_tokens: 12, total_tokens: prompt + 12 });
    expect(result.finish_reason).toBe('length');
    expect((await generate(['Peru is', ...base(), ...hot])).token_ids).toEqual(result.token_ids);
    expect((await generate(['Peru is', ...base(), ...hot.slice(0, 2)])).token_ids).not.toEqual(result.token_ids);
  });

  it('ends before a stop string', async () => {
    const { text } = await generate(['Peru is', ...base(), ...hot]);
    const middle = [...text].slice(3, 5).join('');
    const short = await generate(['Peru is', ...base(), ...hot, '--stop', 'never there', '--stop', middle]);
    expect(short.text).toBe(text.slice(0, text.indexOf(middle)));
    expect(short.finish_reason).toBe('stop');
  });

  it('reads the prompt from standard input', async () => {
    const expected = await generate(['Peru is', ...base()]);
    for (const words of [[], ['-']]) {
      const { token_ids } = await generate([...words, ...base()], { input: chunks('Peru', ' is\n') });
      expect(token_ids).toEqual(expected.token_ids);
    }
  });

  it('prints the log-probability of each token', async () => {
    const { logprobs } = await generate(['Peru is', ...base()]);
    const { out } = await run(['Peru is', ...base(), '--logprobs']);
    const values = out
      .trimEnd()
      .split('\n')
      .map((line) => Number(line.split('\t')[0]));
    expect(values).toEqual(logprobs.map((value) => Number(value.toFixed(4))));
  });

  it('stops after a token when it is interrupted', async () => {
    const controller = new AbortController();
    let written = 0;
    const output = {
      write: () => {
        written += 1;
        if (written === 2) controller.abort();
      },
    };
    const result = await run(['Peru is', ...base(), '--logprobs'], { output, signal: controller.signal });
    expect(result).toMatchObject({ code: 130, error: 'interrupted: after 2 tokens\n' });
    expect(written).toBe(2);
  });

  it.each([
    [[''], /the prompt is empty/],
    [['hi', '--system', 'x'], /--system needs --chat/],
    [['hi', '--chat'], /model: this model has no chat template; leave --chat out/],
    [['hi', '--stop', ''], /--stop is empty/],
    [['hi', '--top-p', '0'], /above 0 and at most 1/],
    [['x'.repeat(300)], /the prompt has \d+ tokens, the model reads 256/],
    [[], /the prompt from standard input is empty/],
  ])('refuses %j with exit code 2', async (words, message) => {
    const { code, error, out } = await run([...words, ...base()]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(error).toMatch(message);
    expect(error.split('\n')).toHaveLength(2);
  });

  it('asks for a prompt at a terminal', async () => {
    const input = Object.assign(chunks(), { isTTY: true });
    expect(await run(base(), { input })).toMatchObject({ code: 2, error: expect.stringMatching(/give a prompt/) });
  });

  it('has this help', async () => {
    expect(`\n${(await run(['--help'])).out}`).toMatchInlineSnapshot(`
      "
      Usage: dgpo generate [options] [prompt]

      Continue a prompt with a model, token by token.

      Arguments:
        prompt                  the text, in quotes; without it or with -, standard input

      Options:
        --model <model>         model folder, .gguf file, or org/name on the Hugging Face hub
        --engine <name>         TensorFlow.js backend; auto takes the fastest that works here (choices:
                                "auto", "tensorflow", "webgpu", "wasm", "cpu", default: "auto")

      What is written:
        --max-tokens <number>   tokens at most (default: 64)
        --stop <text>           ends before this text; repeatable (default: [])
        --chat                  the prompt is a user message in the model's chat template
        --system <text>         system message, with --chat

      How it is drawn:
        --temperature <number>  of sampling; 0 is greedy (default: 0)
        --top-p <number>        only the most probable tokens with this probability together
        --top-k <number>        only this many of the most probable tokens; 0 for all
        --min-p <number>        only tokens with this part of the highest probability
        --seed <number>         seed of every random choice (default: 0)

      Output:
        --logprobs              one line for each token: its log-probability and its text
        --json                  print one JSON object to stdout and nothing else
        -h, --help              display help for command
      "
    `);
  });
});
