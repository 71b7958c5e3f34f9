import { ConfigError } from '@dgpo/trajectory';
import { afterEach, expect, test } from 'vitest';
import { type FakeReply, type FakeRequest, openFakeEndpoint } from './__fixtures__/fake-endpoint.js';
import { type ChatEndpointOptions, createChatEndpoint } from './create-chat-endpoint.js';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function open(
  answer: (request: FakeRequest, count: number) => FakeReply,
  options: Partial<ChatEndpointOptions> = {},
) {
  const server = await openFakeEndpoint(answer);
  closing.push(server.close);
  return {
    server,
    chat: createChatEndpoint({ endpoint: server.url, model: 'm', retries: 2, backoff: 1, ...options }),
  };
}

const messages = [{ role: 'user', content: 'hi' }];
const schema = { name: 'verdict', schema: { type: 'object' } };

test('asks in the way of OpenAI, with the key from the environment', async () => {
  const { server, chat } = await open(() => 'hello', {
    apiKeyVariable: 'THE_KEY',
    environment: { THE_KEY: 'sk-secret' },
  });
  expect(await chat.complete({ messages, stop: ['\n'], maxTokens: 9 })).toEqual({
    text: 'hello',
    finishReason: 'stop',
  });
  expect(server.requests).toEqual([
    {
      path: '/v1/chat/completions',
      body: { model: 'm', messages, temperature: 0, max_tokens: 9, stop: ['\n'] },
      authorization: 'Bearer sk-secret',
    },
  ]);
  const other = createChatEndpoint({ endpoint: `${server.url}/v1/`, model: 'm' });
  expect((await other.complete({ messages })).text).toBe('hello');
  expect(server.requests[1]).toMatchObject({ path: '/v1/chat/completions', authorization: undefined });
});

test('tries again after 429, 5xx, a broken body and silence, and not after a refusal', async () => {
  const turns: FakeReply[] = [{ status: 429, headers: { 'Retry-After': '0.01' } }, { raw: '{"choices": [' }, 'there'];
  const { server, chat } = await open((_, count) => turns[count - 1] ?? { status: 503 });
  expect((await chat.complete({ messages })).text).toBe('there');
  await expect(chat.complete({ messages })).rejects.toThrow(
    `${server.url}/v1/chat/completions: status 503: status 503 (3 attempts)`,
  );
  const refusing = await open(() => ({ status: 401, body: { error: { message: 'bad key' } } }));
  await expect(refusing.chat.complete({ messages })).rejects.toThrow('status 401: bad key');
  expect(refusing.server.requests).toHaveLength(1);
  const silent = await open(() => 'hang', { retries: 0, timeout: 50 });
  await expect(silent.chat.complete({ messages })).rejects.toThrow('no answer within 50 ms');
});

test('a schema is left out once the server refuses it', async () => {
  const { server, chat } = await open(({ body }) => (body.response_format === undefined ? 'plain' : { status: 400 }));
  expect((await chat.complete({ messages, schema })).text).toBe('plain');
  expect((await chat.complete({ messages, schema })).text).toBe('plain');
  expect(server.requests.map(({ body }) => body.response_format !== undefined)).toEqual([true, false, false]);
  // Where the question itself is refused, the schema is not to blame.
  const refusing = await open(() => ({ status: 400, body: { message: 'too long' } }));
  await expect(refusing.chat.complete({ messages, schema })).rejects.toThrow('too long');
  await expect(refusing.chat.complete({ messages, schema })).rejects.toThrow('too long');
  expect(refusing.server.requests.map(({ body }) => body.response_format !== undefined)).toEqual([
    true,
    false,
    true,
    false,
  ]);
});

test('replies that are none, and too large ones', async () => {
  const { chat } = await open(() => ({ body: { object: 'list' } }));
  await expect(chat.complete({ messages })).rejects.toThrow(
    'expected choices[0].message.content, found {"object":"list"}',
  );
  const reasoning = await open(() => ({
    body: { choices: [{ message: { content: null }, finish_reason: 'length' }] },
  }));
  expect(await reasoning.chat.complete({ messages })).toEqual({ text: '', finishReason: 'length' });
  const large = await open(() => 'x'.repeat(2000), { maxBodyBytes: 1000 });
  await expect(large.chat.complete({ messages })).rejects.toThrow('larger than 1000 bytes');
  expect(large.server.requests).toHaveLength(1);
});

test('the key is in no message', async () => {
  const { chat } = await open(() => ({ status: 403, body: { error: { message: 'sk-secret is not allowed' } } }), {
    apiKeyVariable: 'THE_KEY',
    environment: { THE_KEY: 'sk-secret' },
  });
  await expect(chat.complete({ messages })).rejects.toThrow('*** is not allowed');
});

test.each<[Partial<ChatEndpointOptions>, string]>([
  [{ endpoint: 'localhost' }, 'not a URL'],
  [{ endpoint: 'ftp://x' }, 'http://'],
  [{ endpoint: 'http://user:pass@x' }, 'no password'],
  [{ timeout: 0 }, 'timeout'],
  [{ apiKeyVariable: 'NOT_THERE', environment: {} }, 'NOT_THERE is not set'],
])('refuses %j', (options, message) => {
  const create = () => createChatEndpoint({ endpoint: 'http://127.0.0.1:1', model: 'm', ...options });
  expect(create).toThrow(ConfigError);
  expect(create).toThrow(message);
});
