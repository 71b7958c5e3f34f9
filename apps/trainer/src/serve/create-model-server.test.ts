import { hiddenStates, outputEmbedding, tokenBatch, tokenLogProbs } from '@dgpo/lm';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEvents, type TinyModel, tinyModel, tinyServer } from './__fixtures__/tiny-server.js';
import type { ChatChoice, ChatDelta } from './chat-choices.js';
import type { CompletionChoice } from './completion-choices.js';
import type { ModelServer } from './create-model-server.js';

const tolerance = 1e-4;

let model: TinyModel;
let server: ModelServer;
beforeAll(async () => {
  model = await tinyModel();
  server = tinyServer(model);
});
afterAll(() => {
  server.dispose();
  model.decoder.dispose();
});

const post = (path: string, body: unknown, headers: Record<string, string> = {}, to = server) =>
  to.app.request(`/v1/${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

interface Completion {
  choices: CompletionChoice[];
  usage: object;
}
async function complete(body: object): Promise<Completion> {
  const response = await post('completions', body);
  expect(response.status).toBe(200);
  return (await response.json()) as Completion;
}
const ids = (text: string) => model.tokenizer.encode(text);
const base = { prompt: 'Peru is', max_tokens: 12, temperature: 1, seed: 3 };

/** Log-probabilities as in training: of each token but the first. */
async function trainerLogProbs(tokenIds: number[]): Promise<number[]> {
  const batch = tokenBatch({ sequences: [tokenIds.slice(0, -1)] });
  const result = tf.tidy(
    () =>
      tokenLogProbs({
        hidden: hiddenStates(model.decoder, batch),
        weight: outputEmbedding(model.decoder),
        targets: tf.tensor1d(tokenIds.slice(1), 'int32'),
      }).logProbs,
  );
  const values = [...(await result.data())];
  result.dispose();
  batch.dispose();
  return values;
}

describe('POST /v1/completions', () => {
  it('answers in the shape of OpenAI', async () => {
    const answer = await complete({ ...base, user: 'me', presence_penalty: 0 });
    const prompt = ids('Peru is').length;
    expect(answer).toEqual({
      id: expect.stringMatching(/^cmpl-/),
      object: 'text_completion',
      created: expect.any(Number),
      model: 'tiny',
      choices: [{ index: 0, text: expect.any(String), logprobs: null, finish_reason: 'length', stop_reason: null }],
      usage: { prompt_tokens: prompt, completion_tokens: 12, total_tokens: prompt + 12 },
    });
  });

  it('takes texts and token ids, and numbers the choices prompt by prompt', async () => {
    const lists = { ...base, n: 2, return_token_ids: true };
    const texts = await complete({ ...lists, prompt: ['Peru is', 'Lima'] });
    const tokens = await complete({ ...lists, prompt: [ids('Peru is'), ids('Lima')] });
    expect(texts.choices).toEqual(tokens.choices);
    expect(texts.choices.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
    expect(texts.choices.map((choice) => choice.prompt_token_ids)).toEqual(
      ['Peru is', 'Peru is', 'Lima', 'Lima'].map(ids),
    );
    expect((await complete({ ...lists, prompt: ids('Peru is') })).choices).toEqual(texts.choices.slice(0, 2));
    for (const { text, token_ids: tokenIds = [] } of texts.choices) {
      expect(tokenIds.length).toBeGreaterThan(0);
      expect(model.tokenizer.decode(tokenIds, { skipSpecial: true })).toBe(text);
    }
  });

  it('draws n different choices, the same for the same seed, and others without', async () => {
    const texts = async (more: object) => (await complete({ ...base, n: 3, ...more })).choices.map(({ text }) => text);
    const first = await texts({});
    expect(new Set(first).size).toBe(3);
    expect(await texts({})).toEqual(first);
    expect(await texts({ seed: 4 })).not.toEqual(first);
    expect(await texts({ seed: null })).not.toEqual(await texts({ seed: null }));
    expect(new Set(await texts({ temperature: 0 })).size).toBe(1);
    for (const narrow of [{ top_k: 1 }, { top_p: 1e-6 }, { min_p: 1 }]) {
      expect(await texts(narrow)).toEqual(await texts({ temperature: 0 }));
    }
  });

  it('gives the log-probabilities that training computes', async () => {
    const { choices } = await complete({ ...base, logprobs: 2, echo: true, return_token_ids: true });
    const [choice] = choices;
    const tokenIds = [...ids('Peru is'), ...(choice?.token_ids ?? [])];
    const expected = await trainerLogProbs(tokenIds);
    const {
      token_logprobs: actual = [],
      top_logprobs: top = [],
      tokens = [],
      text_offset: offsets = [],
    } = choice?.logprobs ?? {};
    expect(actual).toHaveLength(tokenIds.length);
    expect([actual[0], top[0]]).toEqual([null, null]);
    expected.forEach((value, index) => {
      expect(Math.abs((actual[index + 1] ?? 0) - value)).toBeLessThan(tolerance);
    });
    expect(tokens).toEqual(tokenIds.map((id) => model.tokenizer.decode([id])));
    for (const [index, alternatives] of top.entries()) {
      if (alternatives === null) continue;
      const values = Object.values(alternatives);
      expect(values.length).toBeGreaterThanOrEqual(2);
      expect(alternatives[tokens[index] ?? '']).toBe(actual[index]);
      expect(Math.max(...values)).toBeGreaterThanOrEqual(actual[index] ?? 0);
    }
    expect(offsets.slice(0, 3)).toEqual([0, (tokens[0] ?? '').length, ((tokens[0] ?? '') + tokens[1]).length]);
    expect(choice?.text.startsWith('Peru is')).toBe(true);
  });

  it('scores a text with echo and max_tokens 0, with and without alternatives, and leaks nothing', async () => {
    const text = 'Peru is a country in South America.';
    const expected = await trainerLogProbs(ids(text));
    const before = tf.memory().numTensors;
    for (const logprobs of [0, 1, 5]) {
      const { choices } = await complete({ prompt: text, max_tokens: 0, echo: true, logprobs });
      expect(choices[0]).toMatchObject({ text, finish_reason: 'length' });
      const [first, ...rest] = choices[0]?.logprobs?.token_logprobs ?? [];
      expect(first).toBeNull();
      expect(rest).toHaveLength(expected.length);
      rest.forEach((value, index) => {
        expect(Math.abs((value ?? 0) - (expected[index] ?? 0))).toBeLessThan(tolerance);
      });
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it('gives prompt_logprobs in the manner of vLLM', async () => {
    const tokenIds = ids('Lima is');
    const expected = await trainerLogProbs(tokenIds);
    const { choices } = await complete({ ...base, prompt: tokenIds, prompt_logprobs: 1 });
    const [first, ...rest] = choices[0]?.prompt_logprobs ?? [];
    expect(first).toBeNull();
    rest.forEach((entry, index) => {
      const own = entry?.[String(tokenIds[index + 1])];
      expect(Math.abs((own?.logprob ?? 0) - (expected[index] ?? 0))).toBeLessThan(tolerance);
      expect(own?.decoded_token).toBe(model.tokenizer.decode([tokenIds[index + 1] as number]));
      const best = Object.values(entry ?? {}).find(({ rank }) => rank === 1);
      expect(best?.logprob).toBeGreaterThanOrEqual(own?.logprob ?? 0);
      expect(own?.rank === 1).toBe(own === best);
    });
    expect(rest).toHaveLength(expected.length);
    const none = await complete({ ...base, prompt: tokenIds, prompt_logprobs: 0 });
    expect(Object.keys(none.choices[0]?.prompt_logprobs?.[1] ?? {})).toEqual([String(tokenIds[1])]);
    const named = await complete({ ...base, logprobs: 0, return_tokens_as_token_ids: true, return_token_ids: true });
    expect(named.choices[0]?.logprobs?.tokens).toEqual(named.choices[0]?.token_ids?.map((id) => `token_id:${id}`));
  });

  it('ends before a stop string and says which', async () => {
    const { choices } = await complete(base);
    const text = choices[0]?.text ?? '';
    // The names of special tokens count for the sampler, but are no part of the text.
    const names = Object.keys(model.tokenizer.specialTokens).join('');
    const stop = [...text.slice(2)].find((one) => /[ -~]/.test(one) && !names.includes(one)) ?? 'none';
    const short = await complete({ ...base, stop: ['#never#', stop] });
    expect(short.choices[0]).toMatchObject({
      text: text.slice(0, text.indexOf(stop)),
      finish_reason: 'stop',
      stop_reason: stop,
    });
    expect(text).toContain(stop);
  });

  it('streams what it answers otherwise', async () => {
    const body = { ...base, n: 2, logprobs: 2, echo: true, return_token_ids: true, stop: 'q' };
    const whole = await complete(body);
    const response = await post('completions', { ...body, stream: true, stream_options: { include_usage: true } });
    expect(response.headers.get('Content-Type')).toMatch(/^text\/event-stream/);
    const { chunks, last } = readEvents(await response.text());
    expect(last).toBe('[DONE]');
    const usage = chunks.pop();
    expect(usage).toMatchObject({ choices: [], usage: whole.usage });
    expect(chunks.every((chunk) => chunk.usage === null && chunk.object === 'text_completion')).toBe(true);
    for (const { index, text, token_ids: tokenIds, logprobs } of whole.choices) {
      const parts = (chunks as unknown as Completion[])
        .flatMap(({ choices }) => choices)
        .filter((choice) => choice.index === index);
      expect(parts.map((part) => part.text).join('')).toBe(text);
      expect(parts.flatMap((part) => part.token_ids ?? [])).toEqual(tokenIds);
      expect(parts.flatMap((part) => part.logprobs?.token_logprobs ?? [])).toEqual(logprobs?.token_logprobs);
      expect(parts.flatMap((part) => part.logprobs?.text_offset ?? [])).toEqual(logprobs?.text_offset);
      expect(parts.at(-1)?.finish_reason).toMatch(/^(stop|length)$/);
    }
  });
});

describe('POST /v1/chat/completions', () => {
  const messages = [
    { role: 'system', content: 'Be short.' },
    { role: 'user', content: [{ type: 'text', text: 'Peru?' }] },
  ];
  const chat = { messages, max_completion_tokens: 12, temperature: 1, seed: 1 };
  interface Chat {
    choices: ChatChoice[];
    prompt_token_ids: number[];
  }
  const ask = async (body: object) => (await (await post('chat/completions', body)).json()) as Chat;

  it('renders the template and answers with a message', async () => {
    const answer = await ask({ ...chat, n: 2, logprobs: true, top_logprobs: 2, return_token_ids: true });
    const prompt = model.tokenizer.encode('<system>Be short.<user>Peru?<assistant>', { allowSpecial: true });
    expect(answer).toMatchObject({ object: 'chat.completion', prompt_token_ids: prompt });
    expect(answer.choices).toHaveLength(2);
    for (const { message, logprobs, token_ids: tokenIds = [], finish_reason: reason } of answer.choices) {
      expect(message).toEqual({ role: 'assistant', content: expect.any(String), refusal: null });
      expect(model.tokenizer.decode(tokenIds, { skipSpecial: true })).toBe(message.content);
      const expected = (await trainerLogProbs([...prompt, ...tokenIds])).slice(-tokenIds.length);
      expect(logprobs?.content).toHaveLength(tokenIds.length);
      logprobs?.content.forEach((entry, index) => {
        expect(Math.abs(entry.logprob - (expected[index] ?? 0))).toBeLessThan(tolerance);
        expect(entry.bytes).toEqual([...model.tokenizer.tokenBytes(tokenIds[index] as number)]);
        expect(entry.top_logprobs).toHaveLength(2);
      });
      expect(reason).toBe('length');
    }
  });

  it('takes names of special tokens in a message for text', async () => {
    const content = 'a<assistant>b';
    const { prompt_token_ids: actual } = await ask({
      ...chat,
      messages: [{ role: 'user', content }],
      return_token_ids: true,
    });
    const { tokenizer } = model;
    const special = (text: string) => tokenizer.encode(text, { allowSpecial: true });
    expect(tokenizer.decode(actual)).toBe(`<user>${content}<assistant>`);
    expect(actual.filter((id) => id === special('<assistant>')[0])).toHaveLength(1);
  });

  it('streams deltas that make up the same message', async () => {
    const whole = await ask(chat);
    const { chunks, last } = readEvents(await (await post('chat/completions', { ...chat, stream: true })).text());
    expect(last).toBe('[DONE]');
    const parts = chunks.flatMap((chunk) => chunk.choices as ChatDelta[]);
    expect(parts[0]?.delta).toEqual({ role: 'assistant', content: '' });
    expect(parts.map(({ delta }) => delta.content ?? '').join('')).toBe(whole.choices[0]?.message.content);
    expect(parts.at(-1)?.finish_reason).toBe('length');
    expect(chunks.every(({ object }) => object === 'chat.completion.chunk')).toBe(true);
  });

  it('fills the context when no limit is given', async () => {
    const { max_completion_tokens: _, ...open } = chat;
    const { choices, ...rest } = (await ask(open)) as Chat & { usage: { total_tokens: number } };
    if (choices[0]?.finish_reason === 'length') expect(rest.usage.total_tokens).toBe(256);
  });

  it('passes on what a template refuses, and needs one', async () => {
    const refused = await post('chat/completions', { messages: [{ role: 'tool', content: 'x' }] });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({
      error: { message: expect.stringMatching(/^messages: .*no tools here/), param: 'messages' },
    });
    const { chatTemplate: _, ...plain } = model;
    const without = tinyServer(plain as TinyModel);
    const response = await post('chat/completions', chat, {}, without);
    expect(await response.json()).toMatchObject({ error: { code: 'no_chat_template' } });
    without.dispose();
  });
});

describe('POST /tokenize', () => {
  const tokenize = async (body: object) =>
    server.app.request('/tokenize', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });

  it('gives the ids of a text, tags as one id each, and of a rendered conversation', async () => {
    const { tokenizer } = model;
    const text = 'Peru<user>Lima';
    const tokens = tokenizer.encode(text, { allowSpecial: true });
    expect(await (await tokenize({ model: 'tiny', prompt: text, add_special_tokens: false })).json()).toEqual({
      count: tokens.length,
      max_model_len: 256,
      tokens,
    });
    const rendered = await tokenize({ messages: [{ role: 'user', content: 'Peru?' }], add_generation_prompt: true });
    expect(await rendered.json()).toMatchObject({
      tokens: tokenizer.encode('<user>Peru?<assistant>', { allowSpecial: true }),
    });
  });

  it.each([
    [{}, /give either prompt or messages/],
    [{ prompt: 'x', messages: [{ role: 'user', content: 'x' }] }, /give either prompt or messages/],
    [{ prompt: 'x', add_special_tokens: true }, /^add_special_tokens: only false/],
    [{ prompt: 'x', return_token_strs: true }, /this server has no return_token_strs/],
  ])('400 for %j', async (body, message) => {
    const response = await tokenize(body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { message: expect.stringMatching(message) } });
  });
});

it('writes the names of special tokens where they are not to be skipped', async () => {
  const { tokenizer } = model;
  const prompt = tokenizer.encode('<user>Peru', { allowSpecial: true });
  const body = { prompt, max_tokens: 40, temperature: 1, seed: 3, echo: true, return_token_ids: true };
  const [plain] = (await complete(body)).choices;
  const [whole] = (await complete({ ...body, skip_special_tokens: false })).choices;
  expect(whole?.token_ids).toEqual(plain?.token_ids);
  expect(whole?.text).toBe(tokenizer.decode([...prompt, ...(whole?.token_ids ?? [])]));
  expect(plain?.text).not.toContain('<user>');
});

describe('refusals', () => {
  it.each([
    [{}, /^prompt: expected a text/, 'prompt'],
    [{ prompt: '' }, /^prompt: is empty/, 'prompt'],
    [{ prompt: [] }, /^prompt: expected a text/, 'prompt'],
    [{ prompt: [99_999] }, /99999 is no token id/, 'prompt'],
    [{ prompt: 'x', max_tokens: 400 }, /1 tokens of the prompt and 400 to sample are more than the 256/, 'prompt'],
    [{ prompt: 'x', guided_json: {} }, /this server has no guided_json; leave it out/, 'guided_json'],
    [{ prompt: 'x', stream_options: { x: 1 } }, /this server has no stream_options\.x/, 'stream_options.x'],
    [{ prompt: 'x', presence_penalty: 0.5 }, /^presence_penalty: only 0 is supported/, 'presence_penalty'],
    [{ prompt: 'x', best_of: 3 }, /^best_of: only 1/, 'best_of'],
    [{ prompt: 'x', logprobs: 21 }, /^logprobs: must be at most 20/, 'logprobs'],
    [{ prompt: 'x', temperature: -1 }, /^temperature: must be at least 0/, 'temperature'],
    [{ prompt: 'x', stop: [''] }, /^stop.0: a stop string is empty/, 'stop.0'],
    [[], /^body: /, null],
    ['{"prompt": ', /the body is not JSON/, null],
  ])('400 for %.60j', async (body, message, param) => {
    const response = await post('completions', body);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      error: {
        message: expect.stringMatching(message),
        type: 'invalid_request_error',
        param,
        code: expect.toBeOneOf([null, expect.any(String)]),
      },
    });
  });

  it('names other models, other types, large bodies, other paths and methods', async () => {
    expect((await post('completions', { prompt: 'x', model: 'gpt-9' })).status).toBe(404);
    expect((await post('completions', base, { 'Content-Type': 'text/plain' })).status).toBe(415);
    const small = tinyServer(model, { maxBodyBytes: 100 });
    expect((await post('completions', { prompt: 'x'.repeat(200) }, {}, small)).status).toBe(413);
    small.dispose();
    expect((await server.app.request('/v1/embeddings')).status).toBe(404);
    expect((await server.app.request('/v1/completions')).headers.get('Allow')).toBe('POST');
    expect((await post('chat/completions', { messages: [], top_logprobs: 2 })).status).toBe(400);
  });

  it('asks for the key below /v1 and for /tokenize, and never logs it', async () => {
    const lines: string[] = [];
    const locked = tinyServer(model, { apiKey: 'sk-secret', logger: (line) => lines.push(line) });
    expect((await locked.app.request('/health')).status).toBe(200);
    for (const headers of [{}, { Authorization: 'Bearer sk-secres' }, { Authorization: 'sk-secret' }]) {
      const response = await post('completions', base, headers as Record<string, string>, locked);
      expect(response.status).toBe(401);
      expect(await response.text()).not.toContain('sk-secre');
    }
    expect((await post('completions', base, { Authorization: 'Bearer sk-secret' }, locked)).status).toBe(200);
    expect((await locked.app.request('/tokenize', { method: 'POST' })).status).toBe(401);
    expect(lines).toEqual([]);
    locked.dispose();
    expect(() => tinyServer(model, { apiKey: ' ' })).toThrow(/key is empty/);
  });

  it('answers 429 past the queue and takes requests again afterwards', async () => {
    const narrow = tinyServer(model, { maxBatch: 1, maxQueue: 1 });
    const all = await Promise.all([1, 2, 3].map(() => post('completions', base, {}, narrow)));
    expect(all.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(all[2]?.headers.get('Retry-After')).toBe('1');
    expect(await all[2]?.json()).toMatchObject({ error: { type: 'rate_limit_error', code: 'queue_full' } });
    await Promise.all(all.slice(0, 2).map((response) => response.text()));
    expect((await post('completions', base, {}, narrow)).status).toBe(200);
    const never = await post('completions', { ...base, n: 3 }, {}, narrow);
    expect([never.status, await never.text()]).toEqual([
      400,
      expect.stringMatching(/3 sequences at once are more than the 2/),
    ]);
    narrow.dispose();
  });

  it('calls off what takes too long', async () => {
    const hasty = tinyServer(model, { timeout: 1 });
    const long = { ...base, n: 8, max_tokens: 240 };
    const response = await post('completions', long, {}, hasty);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ error: { code: 'timeout', type: 'server_error' } });
    const { last } = readEvents(`${await (await post('completions', { ...long, stream: true }, {}, hasty)).text()}`);
    expect(last).toMatch(/"code":"timeout"/);
    await hasty.drain();
    hasty.dispose();
  });

  it('keeps inner failures to its log', async () => {
    const lines: string[] = [];
    const broken = {
      ...model,
      tokenizer: {
        ...model.tokenizer,
        encode: () => {
          throw new Error('secret path');
        },
      },
    };
    const failing = tinyServer(broken, { logger: (line) => lines.push(line) });
    const response = await post('completions', base, {}, failing);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret');
    expect(lines).toEqual(['POST /v1/completions: secret path']);
    failing.dispose();
  });

  it('refuses limits it cannot use', () => {
    expect(() => tinyServer(model, { maxBatch: 0 })).toThrow(/maxBatch: must be an integer of at least 1/);
    expect(() => tinyServer(model, { maxContextTokens: 257 })).toThrow(/this model reads 256 tokens/);
  });
});

describe('GET', () => {
  it('lists the model', async () => {
    const list = (await (await server.app.request('/v1/models')).json()) as { data: unknown[] };
    expect(list).toEqual({
      object: 'list',
      data: [{ id: 'tiny', object: 'model', created: expect.any(Number), owned_by: 'dgpo', max_model_len: 256 }],
    });
    expect(await (await server.app.request('/v1/models/tiny')).json()).toEqual(list.data[0]);
    expect((await server.app.request('/v1/models/other')).status).toBe(404);
    expect(await (await server.app.request('/health')).json()).toEqual({ status: 'ok', model: 'tiny' });
  });
});
