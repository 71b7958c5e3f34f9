import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ModelError } from '@dgpo/trajectory';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createChatTemplate, loadChatTemplate } from './chat-template.js';

const hello = [{ role: 'user', content: 'Hello' }];

describe('createChatTemplate', () => {
  test('renders messages, tools, tokens and variables', () => {
    const template = createChatTemplate({
      source: `{{ bos_token }}{% for m in messages %}
  [{{ m.role }}] {{ m['content'] | trim }}
{% endfor %}
{% if tools %}{{ tools | tojson }}{% endif %}{% if add_generation_prompt %}[assistant]{{ mood }}{% endif %}`,
      tokens: { bos_token: '<s>' },
    });
    const messages = [...hello, { role: 'user', content: ' again ' }];
    expect(template.render({ messages })).toBe('<s>  [user] Hello\n  [user] again\n');
    const prompt = template.render({
      messages: hello,
      addGenerationPrompt: true,
      tools: [{ name: 'search' }],
      variables: { mood: '!' },
    });
    expect(prompt).toBe('<s>  [user] Hello\n[{"name": "search"}][assistant]!');
  });

  test('has a template of its own for tools', () => {
    const template = createChatTemplate({ source: 'plain', toolSource: '{{ tools | length }} tools' });
    expect([template.render({ messages: [] }), template.render({ messages: [], tools: [1, 2] })]).toEqual([
      'plain',
      '2 tools',
    ]);
  });

  test('knows no date, so that results do not depend on the day', () => {
    const source = "{% if strftime_now is defined %}{{ strftime_now('%Y') }}{% else %}no date{% endif %}";
    expect(createChatTemplate({ source }).render({ messages: [] })).toBe('no date');
  });

  test('counts with range, within bounds', () => {
    const render = (source: string) => createChatTemplate({ source }).render({ messages: [] });
    expect(render('{% for i in range(3) %}{{ i }}{% endfor %}')).toBe('012');
    expect(render('{% for i in range(6, 1, -2) %}{{ i }}{% endfor %}')).toBe('642');
    expect(() => render('{% for i in range(1000000000) %}{% endfor %}')).toThrow(ModelError);
  });

  test('says what is wrong', () => {
    const strict = createChatTemplate({
      source: "{% if messages[0].role != 'user' %}{{ raise_exception('the user begins') }}{% endif %}",
      where: 'here.jinja',
    });
    expect(() => strict.render({ messages: [{ role: 'assistant', content: '' }] })).toThrow(
      /here\.jinja: the chat template refuses this conversation: the user begins/,
    );
    expect(() => createChatTemplate({ source: '{% if %}' })).toThrow(ModelError);
  });
});

describe('loadChatTemplate', () => {
  let directory = '';
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'dgpo-chat-'));
  });
  afterAll(() => rm(directory, { recursive: true }));
  const put = (name: string, value: unknown) =>
    writeFile(join(directory, name), typeof value === 'string' ? value : JSON.stringify(value));

  test('takes the file of its own, else the one in the configuration, else none', async () => {
    expect(await loadChatTemplate(directory)).toBeUndefined();
    await put('special_tokens_map.json', { eos_token: '</s>' });
    await put('tokenizer_config.json', { bos_token: { content: '<s>' } });
    expect(await loadChatTemplate(directory)).toBeUndefined();
    await put('tokenizer_config.json', {
      bos_token: { content: '<s>' },
      chat_template: [
        { name: 'default', template: '{{ bos_token }}default{{ eos_token }}' },
        { name: 'tool_use', template: 'tools' },
      ],
    });
    const listed = await loadChatTemplate(directory);
    expect(listed?.render({ messages: [] })).toBe('<s>default</s>');
    expect(listed?.render({ messages: [], tools: [{}] })).toBe('tools');
    await put('tokenizer_config.json', { chat_template: 'one' });
    expect((await loadChatTemplate(directory))?.source).toBe('one');
    await put('chat_template.jinja', 'file {{ eos_token }}');
    expect((await loadChatTemplate(directory))?.render({ messages: [] })).toBe('file </s>');
    await put('chat_template.jinja', '{{');
    await expect(loadChatTemplate(directory)).rejects.toThrow(/chat_template\.jinja: the chat template cannot be read/);
    await put('tokenizer_config.json', '{');
    await expect(loadChatTemplate(directory)).rejects.toThrow(/tokenizer_config\.json: cannot be read as JSON/);
  });
});
