import { createRandom } from '@dgpo/trajectory';
import { expect, test } from 'vitest';
import { createFixedRetriever, peru } from './__fixtures__/episodes.js';
import { createByteTokenizer } from './byte-tokenizer.js';
import type { GenerateRequest } from './policy.js';
import { runEpisodes } from './run-episodes.js';
import { createScriptedPolicy } from './scripted-policy.js';
import { createSearchEnvironment } from './search/search-environment.js';

const tokenizer = createByteTokenizer();
const environment = createSearchEnvironment(createFixedRetriever());
const request: GenerateRequest = {
  id: 'r',
  contextTokenIds: [],
  maxTokens: 100,
  temperature: 0,
  stop: ['</search>', '</answer>'],
  random: createRandom(0),
  episode: environment.start({ task: peru, tokenizer }),
};
const generate = (text: string, change: Partial<GenerateRequest> = {}) =>
  createScriptedPolicy({ script: () => text }).generate([{ ...request, ...change }]);

test('stops after the first stop string', async () => {
  const [result] = await generate('<answer>a</answer><search>b</search>');
  expect(result).toEqual({
    tokenIds: tokenizer.encode('<answer>a</answer>', { allowSpecial: true }),
    logProbs: [0, 0, 0],
    text: '<answer>a</answer>',
    finishReason: 'stop',
  });
});

test('keeps to maxTokens, before the stop string or exactly with it', async () => {
  expect((await generate('<answer>abc</answer>', { maxTokens: 3 }))[0]).toMatchObject({
    text: '<answer>ab',
    finishReason: 'length',
  });
  expect((await generate('<answer>abc</answer>', { maxTokens: 5 }))[0]?.finishReason).toBe('stop');
});

test('ends where the script ends', async () => {
  expect((await generate('hm'))[0]).toMatchObject({ text: 'hm', finishReason: 'end' });
});

test('streams its tokens', async () => {
  const streamed: number[] = [];
  const [result] = await generate('hm', { onToken: (tokenId) => streamed.push(tokenId) });
  expect(streamed).toEqual(result?.tokenIds);
});

test('takes over what its tokenizer says of chat and length', () => {
  const policy = createScriptedPolicy({
    script: () => '',
    tokenizer: { ...tokenizer, maxContextTokens: 7, renderChat: (messages) => `${messages.length} messages` },
  });
  expect(policy.maxContextTokens).toBe(7);
  expect(policy.renderChat?.([{ role: 'user', content: 'x' }])).toBe('1 messages');
  expect(createScriptedPolicy({ script: () => '' })).not.toHaveProperty('renderChat');
});

test('without an episode there is nothing to script', async () => {
  const { episode: _, ...bare } = request;
  await expect(createScriptedPolicy({ script: () => '' }).generate([bare])).rejects.toThrow('request r: ');
});

test("an expert plays the environment: the oracle's episode scores 1", async () => {
  const { oracle } = environment;
  if (oracle === undefined) throw new Error('no oracle');
  const policy = createScriptedPolicy({ script: oracle });
  const [trajectory] = await runEpisodes({ environment, policy, tasks: [peru], seed: 0 });
  expect(trajectory?.actions.map(({ kind }) => kind)).toEqual(['search', 'answer']);
  expect(trajectory?.outcome).toMatchObject({ correct: true, reward: 1 });
});
