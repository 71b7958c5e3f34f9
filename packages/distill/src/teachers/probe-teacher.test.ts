import { ModelError } from '@dgpo/trajectory';
import { describe, expect, it } from 'vitest';
import { scripted } from './__fixtures__/fake-server.js';
import { createServerTeacher } from './create-server-teacher.js';
import { type ProbeTeacherOptions, type ProbeTokenizer, probeTeacher } from './probe-teacher.js';
import type { Teacher } from './teacher.js';

const tags = ['<search>', '</search>'];
const vocabularySize = 300;

/** Code units as ids, moved by `shift`; tags are single ids from 256 on. */
function tokenizerOf({ shift = 0, special = tags } = {}): ProbeTokenizer {
  const pattern = special.length === 0 ? /(?!)/ : new RegExp(`(${special.join('|')})`);
  return {
    vocabularySize,
    encode: (text) =>
      text.split(pattern).flatMap((part) => {
        const tag = special.indexOf(part);
        return tag >= 0 ? [256 + tag] : Array.from(part, (one) => (one.charCodeAt(0) + shift) % 256);
      }),
    renderChat: (messages) => messages.map(({ content }) => `<search>${content}`).join(''),
  };
}

/** Knows which character of a plain text may follow which, by a table made from the text itself. */
function bigramTeacher({ shift = 0, size = vocabularySize, tokenize = false } = {}): Teacher {
  const tokenizer = tokenizerOf({ shift });
  const known = tokenizer.encode(
    'The capital of France is Paris. The city lies on the river Seine, and about two million people live there. ',
  );
  const pairs = new Set(known.map((id, index) => `${known[index - 1]} ${id}`));
  return {
    name: 'bigrams',
    topK: 0,
    score: async (rows) =>
      rows.map(({ tokenIds, mask }) => {
        const ids = Array.from(tokenIds);
        if (ids.some((id) => id >= size)) throw new ModelError('out of vocabulary');
        const scores = ids.map((id, index) => (pairs.has(`${ids[index - 1]} ${id}`) ? -1 : -6));
        return { logProbs: Float32Array.from(scores.filter((_, index) => index > 0 && mask[index] === 1)) };
      }),
    ...(tokenize
      ? {
          tokenize: async (input) =>
            tokenizer.encode('text' in input ? input.text : (tokenizer.renderChat?.(input.messages) ?? '')),
        }
      : {}),
  };
}

const probe = (options: Partial<ProbeTeacherOptions>) =>
  probeTeacher({ teacher: bigramTeacher(), tokenizer: tokenizerOf(), specialTokens: tags, ...options });

describe('probeTeacher', () => {
  it('compares ids where the teacher can tokenize', async () => {
    expect(await probe({ teacher: bigramTeacher({ tokenize: true }) })).toEqual({
      tokenizer: 'ids',
      chatTemplate: 'agrees',
      uncheckedSpecialTokens: [],
    });
  });

  it('compares scores where it cannot, and says what stays unchecked', async () => {
    const result = await probe({});
    expect(result).toMatchObject({ tokenizer: 'scores', chatTemplate: 'unchecked', uncheckedSpecialTokens: tags });
    const { text = 0, shuffled = 0 } = result.meanLogProbs ?? {};
    expect(text - shuffled).toBeGreaterThan(0.5);
  });

  it('finds ids that mean something else, by their scores', async () => {
    await expect(probe({ teacher: bigramTeacher({ shift: 1 }) })).rejects.toMatchObject({
      code: 'MODEL_ERROR',
      where: 'bigrams',
      message: expect.stringMatching(/the probe of scores failed: .*on average.*begin with \[84, 104, 101/),
    });
    await expect(probe({ text: 'too short' })).rejects.toThrow(/has 9 tokens; give one of at least 16/);
  });

  it('shows both sides where ids differ', async () => {
    await expect(probe({ teacher: bigramTeacher({ shift: 1, tokenize: true }) })).rejects.toThrow(
      /the probe of the tokenizer failed: .*the student has \[84, 104.*the server \[85, 105/,
    );
    const base = bigramTeacher({ tokenize: true });
    const plain = tokenizerOf({ special: [] });
    const without: Teacher = { ...base, tokenize: async (input) => plain.encode('text' in input ? input.text : '') };
    await expect(probe({ teacher: without })).rejects.toThrow(
      /the probe of the special token <search> failed: .*has \[256\] \(1 in all\), the server \[60, 115.*\(8 in all\)/,
    );
    const other: Teacher = {
      ...base,
      tokenize: async (input) => ('text' in input ? base.tokenize?.(input) : [1, 2, 3]),
    };
    await expect(probe({ teacher: other })).rejects.toThrow(
      /the probe of the chat template failed: .*server \[1, 2, 3\]/,
    );
  });

  it('wants each tag to be one token of the student', async () => {
    await expect(probe({ specialTokens: ['<search>', '<think>'] })).rejects.toThrow(
      /the probe of special tokens failed: .*7 tokens \(\[60, 116.* for <think>/,
    );
  });

  it('finds a vocabulary that ends before the student’s', async () => {
    await expect(probe({ teacher: bigramTeacher({ size: 299 }) })).rejects.toThrow(
      /the probe of the vocabulary failed: the teacher does not score 299, .*out of vocabulary/,
    );
  });

  it('speaks to a server with and without /tokenize', async () => {
    const tokenizer = tokenizerOf();
    const answer = (body: Record<string, unknown>): object => {
      const ids = (body.prompt ?? []) as number[];
      const entry = (id: number, index: number) =>
        index === 0 ? null : { [id]: { logprob: (ids[index - 1] ?? 0) < id ? -1 : -2, rank: 1 } };
      return { choices: [{ prompt_logprobs: ids.map(entry) }] };
    };
    const tokens = (body: Record<string, unknown>): object => {
      if (!('add_special_tokens' in body) && !('messages' in body)) return answer(body);
      if ('messages' in body) return new Response('no template', { status: 400 });
      const ids = tokenizer.encode(String(body.prompt));
      return { count: ids.length, max_model_len: 99, tokens: ids, token_strs: null };
    };
    const { options, requests } = scripted([tokens]);
    const teacher = createServerTeacher({ ...options, model: 'm' });
    expect(await probe({ teacher })).toMatchObject({ tokenizer: 'ids', chatTemplate: 'unchecked' });
    expect(requests[0]).toMatchObject({
      url: 'http://teacher.test:8000/tokenize',
      body: { model: 'm', prompt: expect.stringContaining('<search></search>'), add_special_tokens: false },
    });
    const absent = [new Response('', { status: 404 }), { tokens: [1] }].map(async (reply) => {
      const { options } = scripted([reply]);
      return createServerTeacher({ ...options, model: 'm' }).tokenize?.({ text: 'x' });
    });
    expect(await Promise.all(absent)).toEqual([undefined, undefined]);
  });
});
