import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openCachedChat } from './cached-chat.js';
import type { ChatModel } from './chat-model.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dgpo-cached-chat-'));
});
afterEach(() => rm(folder, { recursive: true }));

const server = (endpoint: string, model = 'policy'): ChatModel => ({
  endpoint,
  model,
  complete: async () => ({ text: `${model} at ${endpoint}`, finishReason: 'stop' }),
});

async function ask(chat: ChatModel, content = 'hi') {
  const cached = await openCachedChat({ chat, path: join(folder, 'replies.jsonl') });
  const { text } = await cached.complete({ messages: [{ role: 'user', content }] });
  const { hits } = cached;
  await cached.close();
  return { text, hits };
}

test('what was asked is not asked again; models of one name at two addresses are two', async () => {
  expect(await ask(server('a'))).toEqual({ text: 'policy at a', hits: 0 });
  expect(await ask(server('a'))).toEqual({ text: 'policy at a', hits: 1 });
  expect(await ask(server('b'))).toEqual({ text: 'policy at b', hits: 0 });
  expect(await ask(server('a', 'other'))).toEqual({ text: 'other at a', hits: 0 });
  expect(await ask(server('a'), 'hello')).toEqual({ text: 'policy at a', hits: 0 });
});
