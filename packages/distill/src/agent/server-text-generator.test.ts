import { ConfigError, ModelError } from '@dgpo/trajectory';
import { expect, test } from 'vitest';
import { scripted } from '../teachers/__fixtures__/fake-server.js';
import { createServerTextGenerator } from './server-text-generator.js';

const answered = (content: unknown, rest: object = {}) => ({
  choices: [{ message: { role: 'assistant', content, ...rest }, finish_reason: 'stop' }],
});
const request = { messages: [{ role: 'user', content: 'Hi' }], maxTokens: 9, temperature: 0, seed: 3 };

test('asks for a chat completion, and again after a failure', async () => {
  const busy = new Response('later', { status: 503 });
  const { options, requests, waits } = scripted([busy, answered('Hello')]);
  const generate = createServerTextGenerator({ ...options, model: 'teacher', apiKey: 'secret' });
  expect(await generate(request)).toEqual({ text: 'Hello', finishReason: 'stop' });
  expect(waits).toHaveLength(1);
  expect(requests[1]).toMatchObject({
    url: 'http://teacher.test:8000/v1/chat/completions',
    headers: { Authorization: 'Bearer secret' },
    body: { model: 'teacher', messages: request.messages, max_tokens: 9, temperature: 0, top_p: 1, seed: 3 },
  });
});

test('tells when the limit cut it', async () => {
  const cut = { choices: [{ message: { content: 'Hel' }, finish_reason: 'length' }] };
  const generate = createServerTextGenerator({ ...scripted([cut]).options, model: 'teacher' });
  expect(await generate(request)).toEqual({ text: 'Hel', finishReason: 'length' });
});

test.each([
  ['a refusal', answered(null, { refusal: 'I will not' }), 'the model gave no text: I will not'],
  ['no text', answered(null), 'the model gave no text'],
  ['no choice', { choices: [] }, '0 choices'],
  ['another API', { text: 'x' }, 'no list at choices'],
])('%s is an error with the URL', async (_, answer, message) => {
  const { options, requests } = scripted([answer]);
  const asked = createServerTextGenerator({ ...options, model: 'teacher' })(request);
  await expect(asked).rejects.toThrow(ModelError);
  await expect(asked).rejects.toThrow(message);
  await expect(asked).rejects.toThrow('http://teacher.test:8000');
  expect(requests).toHaveLength(1);
});

test('refuses options out of range', () => {
  const { options } = scripted([{}]);
  expect(() => createServerTextGenerator({ ...options, model: ' ' })).toThrow(ConfigError);
  expect(() => createServerTextGenerator({ ...options, model: 'm', topP: 0 })).toThrow('topP');
});
