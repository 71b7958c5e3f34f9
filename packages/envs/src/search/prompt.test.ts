import { ConfigError, type Task } from '@dgpo/trajectory';
import { describe, expect, test } from 'vitest';
import { createByteTokenizer } from '../byte-tokenizer.js';
import type { EpisodeTokenizer } from '../policy.js';
import { checkPromptTemplate, defaultPromptTemplate, encodePrompt, type PromptTemplate } from './prompt.js';

const bytes = createByteTokenizer();
const task = (question: string, rest: Partial<Task> = {}): Task => ({ id: 'q', question, goldenAnswers: [], ...rest });

const encode = (
  asked: Task,
  options: { template?: PromptTemplate; appendQuestionMark?: boolean; tokenizer?: EpisodeTokenizer } = {},
) => {
  const { template = 'Q: {question}\n', appendQuestionMark = true, tokenizer = bytes } = options;
  return encodePrompt({ task: asked, template, appendQuestionMark, tokenizer });
};

test.each([
  ['  Where is Lima ', true, 'Q: Where is Lima?\n'],
  ['Where is Lima?', true, 'Q: Where is Lima?\n'],
  ['  Where is Lima ', false, 'Q: Where is Lima\n'],
  ['What is $& or $1?', true, 'Q: What is $& or $1?\n'],
  ['What is {question}?', true, 'Q: What is {question}?\n'],
])('%j with question mark %s becomes %j', (question, appendQuestionMark, text) => {
  expect(encode(task(question), { appendQuestionMark }).text).toBe(text);
});

test('a function makes the whole prompt', () => {
  const prompt = encode(task('Where?'), { template: (question) => `<think>${question}` });
  expect(prompt.text).toBe('<think>Where?');
  expect(prompt.tokenIds).toEqual(bytes.encode('<think>Where?', { allowSpecial: true }));
});

test('tags of the template become special tokens', () => {
  const ids = encode(task('Where?'), { template: 'Use <search> and <answer>. {question}' }).tokenIds ?? [];
  expect(ids.filter((id) => id >= 256)).toEqual(bytes.encode('<search><answer>', { allowSpecial: true }));
});

test('tags in the question stay plain text', () => {
  const question = 'Is <answer>Lima</answer> it?';
  const prompt = encode(task(question), { template: '<think>{question}</think>{question}' });
  expect(prompt.tokenIds?.filter((id) => id >= 256)).toEqual(bytes.encode('<think></think>', { allowSpecial: true }));
  expect(bytes.decode(prompt.tokenIds ?? [])).toBe(prompt.text);
});

test('a plain question is encoded in its sentence, not as a piece of its own', () => {
  const calls: string[] = [];
  const tokenizer: EpisodeTokenizer = {
    decode: bytes.decode,
    encode(text, options) {
      calls.push(text);
      return bytes.encode(text, options);
    },
  };
  encode(task('Where?'), { tokenizer });
  expect(calls.at(-1)).toBe('Q: Where?\n');
});

test('an empty question is a prompt too', () => {
  expect(encode(task('   ')).text).toBe('Q: ?\n');
});

describe('rendered prompts', () => {
  const prompt = [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Where is Lima' },
  ];

  test('are used as they are', () => {
    expect(encode(task('Where is Lima', { prompt })).text).toBe('Be brief.\nWhere is Lima');
  });

  test('go through the chat template, as the own prompt does', () => {
    const tokenizer: EpisodeTokenizer = {
      ...bytes,
      renderChat: (messages) => `${messages.map(({ role, content }) => `[${role}]${content}`).join('')}[assistant]`,
    };
    expect(encode(task('Where is Lima', { prompt }), { tokenizer }).text).toBe(
      '[system]Be brief.[user]Where is Lima[assistant]',
    );
    expect(encode(task('Where'), { tokenizer }).text).toBe('[user]Q: Where?\n[assistant]');
  });

  test('protect against tags in their question', () => {
    const question = '<answer>Lima</answer>';
    const ids = encode(task(question, { prompt: [{ role: 'user', content: `<search> ${question}` }] })).tokenIds ?? [];
    expect(ids.filter((id) => id >= 256)).toEqual(bytes.encode('<search>', { allowSpecial: true }));
  });
});

test('a template without a place for the question is refused', () => {
  expect(() => checkPromptTemplate('Answer!')).toThrow(ConfigError);
  expect(() => checkPromptTemplate(defaultPromptTemplate)).not.toThrow();
  expect(() => checkPromptTemplate(() => '')).not.toThrow();
});
