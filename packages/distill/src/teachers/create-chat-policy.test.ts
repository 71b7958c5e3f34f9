import { ConfigError, createRandom } from '@dgpo/trajectory';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { scripted } from './__fixtures__/fake-server.js';
import { type ChatPolicyOptions, createChatPolicy } from './create-chat-policy.js';
import { createTextTokenizer } from './text-tokenizer.js';

const answered = (content: string | null, rest: object = {}, reason = 'stop') => ({
  choices: [{ message: { role: 'assistant', content, ...rest }, finish_reason: reason }],
  usage: { prompt_tokens: 100, completion_tokens: 7 },
});
const called = (name: string, given: string) => ({
  tool_calls: [{ id: 'x1', type: 'function', function: { name, arguments: given } }],
});

const tools = [{ name: 'search', description: 'find passages', parameters: { type: 'object' } }];
const stop = ['</search>', '</answer>', '<end_code>'];
const request = (changes: object = {}) => ({
  ...{ id: 'q#0', contextTokenIds: [], maxTokens: 50, temperature: 0.5, stop, random: createRandom(3) },
  episode: { segments: [{ kind: 'prompt' as const, text: 'Question: who?\n' }] },
  ...changes,
});

function setUp(answers: Parameters<typeof scripted>[0], options: Partial<ChatPolicyOptions> = {}) {
  const server = scripted(answers);
  return { ...server, policy: createChatPolicy({ ...server.options, model: 'm', retries: 1, ...options }) };
}

describe('text', () => {
  test('the episode goes out as messages with sampling settings, a seed of the row and the stop strings', async () => {
    const { policy, requests } = setUp([answered('<think>a</think>')]);
    const segments = [
      { kind: 'prompt' as const, text: 'Question: who?\n' },
      { kind: 'policy' as const, text: '<search>x</search>' },
      { kind: 'observation' as const, text: '\n\n<information>y</information>\n\n' },
    ];
    await policy.generate([request({ episode: { segments }, topP: 0.9 })]);
    expect(requests[0]?.url).toBe('http://teacher.test:8000/v1/chat/completions');
    expect(requests[0]?.body).toEqual({
      model: 'm',
      messages: [
        { role: 'user', content: 'Question: who?' },
        { role: 'assistant', content: '<search>x</search>' },
        { role: 'user', content: '<information>y</information>' },
      ],
      ...{ max_tokens: 50, temperature: 0.5, top_p: 0.9, seed: createRandom(3).integer(2 ** 31), stop },
    });
  });

  test.each([
    [
      'a tag that the server cut off is closed',
      '<think>a</think><search>Peru',
      'stop',
      '<think>a</think><search>Peru</search>',
    ],
    ['what comes after a stop is cut', '<search>a</search><information>', 'stop', '<search>a</search>'],
    ['nothing is closed that is not open', 'I do not know.', 'stop', 'I do not know.'],
    ['nothing is closed where the limit of tokens ended it', '<answer>Per', 'length', '<answer>Per'],
    ['code without its end gets it', '```py\nf()\n```\n', 'stop', '```py\nf()\n```<end_code>'],
    ['the last open tag is the one', '<search>a <answer>b', 'stop', '<search>a <answer>b</answer>'],
  ])('%s', async (_, content, reason, text) => {
    const { policy } = setUp([answered(content, {}, reason)]);
    const [result] = await policy.generate([request()]);
    expect(result?.text).toBe(text);
    expect(policy.decode(result?.tokenIds ?? [])).toBe(text);
    expect(result?.finishReason).toBe(reason === 'length' ? 'length' : text.endsWith('>') ? 'stop' : 'end');
  });

  test('with a tokenizer, turns are its ids, tags included, and end at their limit of them', async () => {
    const special: (boolean | undefined)[] = [];
    const tokenizer = {
      encode: (text: string, options?: { allowSpecial?: boolean }) => {
        special.push(options?.allowSpecial);
        return [...text].map((letter) => letter.codePointAt(0) ?? 0);
      },
      decode: (ids: readonly number[]) => String.fromCodePoint(...ids),
      maxContextTokens: 99,
    };
    const { policy } = setUp([answered('<search>a</search>'), answered('<search>abc</search>')], { tokenizer });
    expect(policy.maxContextTokens).toBe(99);
    const [whole] = await policy.generate([request()]);
    expect(whole).toMatchObject({ text: '<search>a</search>', finishReason: 'stop' });
    expect(policy.decode(whole?.tokenIds ?? [])).toBe('<search>a</search>');
    expect(special).toEqual([true]);
    const [cut] = await policy.generate([request({ maxTokens: 10 })]);
    expect(cut).toMatchObject({ text: '<search>ab', finishReason: 'length' });
    expect(cut?.tokenIds).toHaveLength(10);
  });

  test('stop strings that could not be put back are not asked for', async () => {
    const { policy, requests } = setUp([answered('{"tool": "answer", "arguments": {"answer": "a"}} and more')]);
    const [result] = await policy.generate([request({ stop: ['}}', '}\n}'] })]);
    expect(requests[0]?.body).not.toHaveProperty('stop');
    expect(result?.text).toBe('{"tool": "answer", "arguments": {"answer": "a"}}');
  });
});

describe('calls of tools', () => {
  test('a search and an answer', async () => {
    const { policy, requests } = setUp(
      [
        answered('Let me see.', called('search', '{"query": "Peru"}')),
        answered(null, called('answer', '{"answer":"Lima"}')),
      ],
      { tools },
    );
    const prompt = { kind: 'prompt' as const, text: 'What is the capital of Peru?' };
    const [search] = await policy.generate([request({ episode: { segments: [prompt] } })]);
    expect(search?.text).toBe('Let me see.\n<tool_call>\n{"name":"search","arguments":{"query":"Peru"}}\n</tool_call>');
    const observation = { kind: 'observation' as const, text: '\nDoc 1(Title: Peru) Its capital is Lima.\n' };
    const segments = [prompt, { kind: 'policy' as const, text: search?.text ?? '' }, observation];
    const [answer] = await policy.generate([request({ episode: { segments } })]);
    expect(answer?.text).toBe('<tool_call>\n{"name":"answer","arguments":{"answer":"Lima"}}\n</tool_call>');
    expect(requests[0]?.body).toMatchObject({ tool_choice: 'auto', tools: [{ type: 'function', function: tools[0] }] });
    expect(requests[0]?.body).not.toHaveProperty('stop');
    expect(requests[1]?.body.messages).toEqual([
      { role: 'user', content: 'What is the capital of Peru?' },
      {
        role: 'assistant',
        content: 'Let me see.',
        tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'search', arguments: '{"query":"Peru"}' } }],
      },
      { role: 'tool', tool_call_id: 'call_1', content: 'Doc 1(Title: Peru) Its capital is Lima.' },
    ]);
    expect(policy.takeUsage('q#0')).toEqual({ modelCalls: 2, promptTokens: 200, policyTokens: 14 });
    expect(policy.takeUsage('q#0')).toEqual({ modelCalls: 0, promptTokens: 0, policyTokens: 0 });
  });

  test('arguments that are no JSON reach the environment as they are, and the server as plain text, which it does not refuse', async () => {
    const { policy, requests } = setUp([answered(null, called('search', '{"query": "Pe'))], { tools });
    const [result] = await policy.generate([request()]);
    expect(result?.text).toBe('<tool_call>\n{"name":"search","arguments":"{\\"query\\": \\"Pe"}\n</tool_call>');
    const segments = [
      { kind: 'prompt' as const, text: 'q' },
      { kind: 'policy' as const, text: result?.text ?? '' },
      { kind: 'observation' as const, text: '\nThis turn had no tool call.\n' },
    ];
    await policy.generate([request({ episode: { segments } })]);
    expect(requests[1]?.body.messages).toMatchObject([
      {},
      { role: 'assistant', content: result?.text },
      { role: 'user', content: 'This turn had no tool call.' },
    ]);
  });
});

describe('failures', () => {
  test('a row without an answer has an error, without the key; the others are not touched by it', async () => {
    const { options } = scripted([]);
    const policy = createChatPolicy({
      ...{ ...options, model: 'm', retries: 1, apiKeyVariable: 'KEY', environment: { KEY: 'secret-key' } },
      fetch: async (_, init) =>
        String(init?.body).includes('bad')
          ? new Response('{"error": {"message": "who is secret-key?"}}', { status: 500 })
          : new Response(JSON.stringify(answered('<answer>a</answer>'))),
    });
    const bad = { segments: [{ kind: 'prompt' as const, text: 'bad' }] };
    const [good, failed] = await policy.generate([request(), request({ id: 'b#0', episode: bad })]);
    expect(good).toMatchObject({ text: '<answer>a</answer>' });
    expect(good).not.toHaveProperty('error');
    expect(failed).toMatchObject({ tokenIds: [], text: '' });
    expect(failed?.error).toMatch(/no answer after 2 attempts \(status 500: who is \*\*\*\?\)/);
  });

  test('an answer of another shape is an error of its row', async () => {
    const { policy } = setUp([{ object: 'list' }]);
    const [result] = await policy.generate([request()]);
    expect(result?.error).toMatch(/the answer has no list at choices/);
  });

  test('no usage is none', async () => {
    const { policy } = setUp([answered('a'), { ...answered('b'), usage: null }]);
    await policy.generate([request()]);
    await policy.generate([request()]);
    expect(policy.takeUsage('q#0')).toEqual({ modelCalls: 2 });
  });

  test('an abort is thrown', async () => {
    const controller = new AbortController();
    controller.abort(new Error('enough'));
    const { policy } = setUp([answered('a')], { signal: controller.signal });
    await expect(policy.generate([request()])).rejects.toThrow('enough');
  });

  test('a model without a name is refused', () => {
    expect(() => setUp([], { model: ' ' })).toThrow(ConfigError);
  });
});

test('the tokenizer of texts gives back every text, at four bytes an id', () => {
  const tokenizer = createTextTokenizer();
  expect(tokenizer.encode('')).toEqual([]);
  // é has two bytes: 6 bytes, 2 ids.
  expect(tokenizer.encode('Perué')).toHaveLength(2);
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (text, other) => {
      const ids = [...tokenizer.encode(text), ...tokenizer.encode(other)];
      expect(tokenizer.decode(ids)).toBe(`${text}${other}`);
      expect(ids.every(Number.isSafeInteger)).toBe(true);
    }),
  );
});
