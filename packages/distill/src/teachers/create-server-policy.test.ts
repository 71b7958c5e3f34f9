import { createRandom } from '@dgpo/trajectory';
import { describe, expect, it } from 'vitest';
import { sglangSample, vllmSample } from './__fixtures__/answers.js';
import { scripted } from './__fixtures__/fake-server.js';
import { createServerPolicy, type ServerGenerateRequest, type ServerPolicyOptions } from './create-server-policy.js';
import type { ServerApi } from './scoring-apis.js';

const words = ['', '</answer>', ' of', ' Lima', '<end>', 'The', '</ans', 'wer>'];
const tokenizer = {
  encode: (text: string) => [words.indexOf(text)],
  decode: (ids: readonly number[]) => ids.map((id) => words[id] ?? '?').join(''),
};
const request: ServerGenerateRequest = {
  id: 'a',
  contextTokenIds: [5, 9],
  maxTokens: 8,
  temperature: 1,
  stop: ['</answer>'],
  random: createRandom(1),
};

function policyOf(script: Parameters<typeof scripted>[0], options: Partial<ServerPolicyOptions> = {}) {
  const { options: server, requests } = scripted(script);
  return { policy: createServerPolicy({ ...server, model: 'teacher', tokenizer, ...options }), requests };
}

const [choice] = vllmSample.choices;
const sampled = (changes: object, logProbs = [-0.5, -0.125]) => ({
  choices: [{ ...choice, logprobs: { ...choice?.logprobs, token_logprobs: logProbs }, ...changes }],
});

describe('createServerPolicy', () => {
  it.each([
    ['vllm', vllmSample],
    ['openai', vllmSample],
    ['openai', sampled({ token_ids: undefined })],
    ['sglang', sglangSample],
  ] as const)('gives ids and log-probabilities by %s', async (api, answer) => {
    const { policy } = policyOf([answer], { api });
    const tokens: number[] = [];
    expect(await policy.generate([{ ...request, onToken: (id) => tokens.push(id) }])).toEqual([
      { tokenIds: [3, 1], logProbs: [-0.5, -0.125], text: ' Lima</answer>', finishReason: 'stop' },
    ]);
    expect(tokens).toEqual([3, 1]);
    expect(policy.name).toBe('teacher');
  });

  it('sends ids, the stop strings and a seed of the row, and switches the filters of the model off', async () => {
    const { policy, requests } = policyOf([vllmSample]);
    const rows = [1, 2, 1].map((seed) => ({ ...request, random: createRandom(seed) }));
    await policy.generate(rows);
    expect(requests[0]?.body).toEqual({
      model: 'teacher',
      prompt: [5, 9],
      max_tokens: 8,
      temperature: 1,
      top_p: 1,
      top_k: -1,
      min_p: 0,
      repetition_penalty: 1,
      stop: ['</answer>'],
      seed: expect.any(Number),
      logprobs: 1,
      return_token_ids: true,
      return_tokens_as_token_ids: true,
      skip_special_tokens: false,
    });
    const seeds = requests.map(({ body }) => body.seed);
    expect(seeds[0]).toBe(seeds[2]);
    expect(seeds[0]).not.toBe(seeds[1]);
    const sglang = policyOf([sglangSample], { api: 'sglang' });
    await sglang.policy.generate([{ ...request, random: createRandom(1) }]);
    expect(sglang.requests[0]).toMatchObject({
      url: 'http://teacher.test:8000/generate',
      body: {
        input_ids: [5, 9],
        return_logprob: true,
        sampling_params: {
          max_new_tokens: 8,
          sampling_seed: seeds[0],
          stop: ['</answer>'],
          skip_special_tokens: false,
        },
      },
    });
  });

  it('ends with the token that completes a stop string, whatever came after it', async () => {
    const more = sampled({ token_ids: [3, 6, 7, 2, 1], finish_reason: 'length' }, [-1, -2, -3, -4, -5]);
    const [result] = await policyOf([more]).policy.generate([request]);
    expect(result).toEqual({
      tokenIds: [3, 6, 7],
      logProbs: [-1, -2, -3],
      text: ' Lima</answer>',
      finishReason: 'stop',
    });
  });

  it('tells the end of the text and the limit apart', async () => {
    const ended = policyOf([sampled({ token_ids: [3, 4], stop_reason: null })]);
    expect((await ended.policy.generate([request]))[0]).toMatchObject({ tokenIds: [3, 4], finishReason: 'end' });
    const cut = policyOf([sampled({ token_ids: [3, 2], finish_reason: 'length' })]);
    expect((await cut.policy.generate([request]))[0]).toMatchObject({ finishReason: 'length' });
    const none = policyOf([]);
    expect(await none.policy.generate([{ ...request, maxTokens: 0 }])).toEqual([
      { tokenIds: [], logProbs: [], text: '', finishReason: 'length' },
    ]);
    expect(none.requests).toEqual([]);
  });

  it.each([
    [
      'texts in place of ids',
      sampled({ token_ids: null, logprobs: { tokens: [' Lima'], token_logprobs: [-1] } }),
      /by their text/,
    ],
    ['no log-probabilities', sampled({ logprobs: null }), /no object at choices\.0\.logprobs/],
    ['fewer log-probabilities', sampled({}, [-1]), /2 tokens and gave 1 log-probabilities/],
    ['a log-probability above 0', sampled({}, [-1, 2]), /sampled token 1 is 2/],
    ['an aborted request', sampled({ finish_reason: 'abort' }), /ended with "abort"/],
    ['too many tokens', sampled({ token_ids: Array(9).fill(3) }, Array(9).fill(-1)), /9 tokens, more than the 8/],
    ['ids beyond the vocabulary', sampled({ token_ids: [3, 99] }), /sampled 99, but the vocabulary has 8/],
  ])('refuses %s', async (_name, answer, message) => {
    const { policy } = policyOf([answer], { vocabularySize: 8 });
    await expect(policy.generate([request])).rejects.toMatchObject({
      code: 'MODEL_ERROR',
      where: 'http://teacher.test:8000',
      message: expect.stringMatching(message),
    });
  });

  it('says what a server needs that does not know the path', async () => {
    const { policy } = policyOf([new Response('unknown url', { status: 404 })]);
    await expect(policy.generate([request])).rejects.toThrow(
      /status 404: unknown url\); is this its name of the model, and does it take token ids at \/v1\/completions/,
    );
  });

  it('offers its tokenizer', () => {
    const chat = { ...tokenizer, renderChat: () => 'chat', maxContextTokens: 9 };
    const { policy } = policyOf([], { tokenizer: chat });
    expect([policy.encode(' Lima'), policy.decode([3]), policy.renderChat?.([]), policy.maxContextTokens]).toEqual([
      [3],
      ' Lima',
      'chat',
      9,
    ]);
    expect('renderChat' in policyOf([]).policy).toBe(false);
    expect(() => policyOf([], { api: 'other' as ServerApi })).toThrow(/there is no API "other"/);
    expect(() => policyOf([], { model: '' })).toThrow(/name of the model is empty/);
  });
});
