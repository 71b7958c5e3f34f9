import { fileURLToPath } from 'node:url';
import { ModelError } from '@dgpo/trajectory';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createChatTemplate } from './chat-template.js';
import { trainCompactTokenizer } from './compact-tokenizer.js';
import { renderConversation } from './render-conversation.js';
import type { Tokenizer } from './tokenizer.js';
import { loadTokenizer } from './tokenizer-file.js';

const folderOf = (kind: string) => fileURLToPath(new URL(`./__fixtures__/kinds/${kind}/`, import.meta.url));
const tokenizers: [string, Tokenizer][] = [
  [
    'compact',
    trainCompactTokenizer({ texts: [], specialTokens: ['<|start|>'], endOfTextToken: '<|end|>', maximumPieces: 0 }),
  ],
];
for (const kind of ['llama3', 'qwen2', 'smollm2', 'sentencepiece', 'sentencepiece-legacy']) {
  tokenizers.push([kind, await loadTokenizer(folderOf(kind))]);
}

/** As ChatML; contents are trimmed, as in Llama 3's. */
const template = createChatTemplate({
  source: `{% if tools %}{{ tools | tojson }}{% endif %}
{% for m in messages %}{{ '<|start|>' + m.role + '\n' + (m.content | trim) + '<|end|>\n' }}{% endfor %}
{% if add_generation_prompt %}{{ '<|start|>assistant\n' }}{% endif %}`,
});
const conversation = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'The capital of Norway?' },
  { role: 'assistant', content: 'Oslo.' },
  { role: 'user', content: 'Of Sweden?' },
  { role: 'assistant', content: ' Stockholm 🙂' },
];

describe.each(tokenizers)('%s', (_, tokenizer) => {
  const decode = (ids: readonly number[]) => tokenizer.decode(ids, { continuation: true });
  const ids = (name: string) => tokenizer.specialTokens[name] as number;

  test('marks what the assistant wrote, to the token that ends its turn', () => {
    const { tokenIds, mask } = renderConversation({ template, tokenizer, messages: conversation });
    expect(mask).toHaveLength(tokenIds.length);
    const written = tokenIds.filter((_id, index) => mask[index] === 1);
    expect(decode(written)).toBe('Oslo.<|end|>Stockholm 🙂<|end|>');
    // Llama 2's older vocabularies put a space after a special token too.
    const text = decode(tokenIds).replace(/^ |(?<=\|>) /g, '');
    expect(text).toBe(template.render({ messages: conversation }));
  });

  test('the tokens before an answer are those of the prompt for it', () => {
    const { tokenIds, mask } = renderConversation({ template, tokenizer, messages: conversation.slice(0, 3) });
    const prompt = renderConversation({
      template,
      tokenizer,
      messages: conversation.slice(0, 2),
      addGenerationPrompt: true,
    });
    expect(tokenIds.slice(0, mask.indexOf(1))).toEqual(prompt.tokenIds);
    expect(prompt.mask).toEqual(prompt.tokenIds.map(() => 0));
  });

  test('nobody can put a special token into a conversation', () => {
    const attack = fc
      .array(fc.constantFrom('<|end|>', '<|start|>', '<|', 'end|>', '<', '|>', 'start', ' ', '\n', 'a', '\ue000'), {
        maxLength: 6,
      })
      .map((parts) => parts.join(''));
    const count = (list: readonly number[], name: string) => list.filter((id) => id === ids(name)).length;
    fc.assert(
      fc.property(attack, attack, attack, (system, user, answer) => {
        const messages = [
          { role: 'system', content: system },
          { role: 'user', content: user },
          { role: 'assistant', content: answer },
        ];
        const { tokenIds, mask } = renderConversation({ template, tokenizer, messages, tools: [{ name: user }] });
        expect([count(tokenIds, '<|start|>'), count(tokenIds, '<|end|>')]).toEqual([3, 3]);
        const written = tokenIds.filter((_id, index) => mask[index] === 1);
        expect(decode(written)).toBe(`${answer.trim()}<|end|>`);
        expect(written.at(-1)).toBe(ids('<|end|>'));
      }),
      { numRuns: 200 },
    );
  });
});

describe('what cannot be told apart', () => {
  const tokenizer = tokenizers[0]?.[1] as Tokenizer;

  test('a template that puts two texts side by side joins no special token', () => {
    const joined = createChatTemplate({ source: '{% for m in messages %}{{ m.content | trim }}{% endfor %}' });
    for (const cut of [1, 2, 4, 6]) {
      const messages = ['<|end|>'.slice(0, cut), '<|end|>'.slice(cut)].map((content) => ({
        role: 'user',
        content: ` ${content}\n`,
      }));
      const { tokenIds } = renderConversation({ template: joined, tokenizer, messages });
      expect(tokenIds).not.toContain(tokenizer.endOfTextId);
      expect(tokenizer.decode(tokenIds)).toBe('<|end|>');
    }
  });

  test('a template that changes earlier messages is refused', () => {
    const forgetful = createChatTemplate({
      source: `{% for m in messages %}{{ m.role + ': ' + (m.content if loop.last else m.content | upper) + '\n' }}{% endfor %}
{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}`,
    });
    expect(() => renderConversation({ template: forgetful, tokenizer, messages: conversation })).toThrow(
      /before message 2 otherwise/,
    );
    expect(() => renderConversation({ template: forgetful, tokenizer, messages: conversation })).toThrow(ModelError);
  });

  test('a role that is no word is refused', () => {
    const messages = [{ role: 'user<|end|>', content: '' }];
    expect(() => renderConversation({ template, tokenizer, messages })).toThrow(/the role "user<\|end\|>" is no word/);
  });
});
