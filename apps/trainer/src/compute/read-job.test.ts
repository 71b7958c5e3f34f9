import { createByteTokenizer, type GenerateRequest } from '@dgpo/envs';
import { expect, test } from 'vitest';
import { atlasEnvironment } from '../demo/demo-settings.js';
import { createJobContext } from './jobs.js';
import { type ReadJob, type ReadRequest, runReadJob } from './read-job.js';

const tokenizer = createByteTokenizer();

/** A context whose model `m` writes what `write` says for the text it sees. */
function contextWith(write: (seen: string, request: GenerateRequest) => string) {
  const context = createJobContext();
  const seen: { text: string; request: GenerateRequest }[] = [];
  const released: string[] = [];
  context.kept.set('tokenizer:folder', tokenizer);
  context.kept.set('sampler:m:4', {
    ...tokenizer,
    model: 'm',
    release: (ids: string[]) => released.push(...ids),
    generate: async (requests: GenerateRequest[]) =>
      requests.map((request) => {
        const text = tokenizer.decode(request.contextTokenIds);
        seen.push({ text, request });
        const tokenIds = tokenizer.encode(write(text, request), { allowSpecial: true });
        return { tokenIds, logProbs: tokenIds.map(() => 0), text: tokenizer.decode(tokenIds), finishReason: 'stop' };
      }),
  });
  return { context, seen, released };
}

const passages = ['Peru\nThe capital of Peru is Lima.', 'Peru\nPeru has the sol.'];

const job = (think: boolean, request: Partial<ReadRequest> = {}): ReadJob => ({
  kind: 'read',
  policy: { model: 'm' },
  tokenizer: 'folder',
  environment: { ...atlasEnvironment, maxContextTokens: 600 },
  requests: [
    { task: { id: 'q', question: 'What money is used in Peru', goldenAnswers: ['sol'] }, passages, ...request },
  ],
  think,
  temperature: 0,
  seed: 3,
  batchSize: 4,
});

const prompt = 'Question: What money is used in Peru?\n';
const observation = '<information>Doc 1: The capital of Peru is Lima.\nDoc 2: Peru has the sol.</information>';
const searched = `${prompt}<search>What money is used in Peru</search>${observation}`;

test('to answer at once, the model continues an opened answer after search and passages', async () => {
  const { context, seen, released } = contextWith(() => ' sol </answer>');
  expect(await runReadJob(context, job(false))).toEqual(['sol']);
  expect(seen.map(({ text }) => text)).toEqual([`${searched}<think></think><answer>`]);
  // Tags are the special tokens of the tokenizer, as in an episode: search, information, think, answer.
  const tags = seen[0]?.request.contextTokenIds.filter((id) => id >= 256);
  expect(tags).toEqual([258, 259, 260, 261, 256, 257, 262]);
  expect(seen[0]?.request).toMatchObject({ maxTokens: atlasEnvironment.maxTokensPerTurn - 3, temperature: 0 });
  expect(released).toEqual(['read 0']);
});

test('its own search stands before the passages where it made one', async () => {
  const { context, seen } = contextWith(() => 'sol</answer>');
  const own = '<think>I need it.</think><search>money of Peru</search>';
  await runReadJob(context, job(false, { searchTokenIds: tokenizer.encode(own, { allowSpecial: true }) }));
  expect(seen[0]?.text).toBe(`${prompt}${own}${observation}<think></think><answer>`);
});

test('to think first, it continues an opened thought, and finds the same passages when it searches again', async () => {
  const writes = ['The sol?</think><search>sol</search>', '<think>Yes.</think><answer>sol</answer>'];
  const { context, seen } = contextWith(() => writes.shift() ?? '');
  expect(await runReadJob(context, job(true))).toEqual(['sol']);
  expect(seen.map(({ text }) => text)).toEqual([
    `${searched}<think>`,
    `${searched}<think>The sol?</think><search>sol</search>${observation}`,
  ]);
});

test('who only searches, or never closes the answer, gives none', async () => {
  const search = contextWith(() => '<search>sol</search>');
  expect(await runReadJob(search.context, job(true))).toEqual(['']);
  // Three searches, the one before the passages included, and a final turn
  expect(search.seen).toHaveLength(atlasEnvironment.maxSearches);
  const hasty = contextWith(() => 'sol and sol and');
  expect(await runReadJob(hasty.context, job(false))).toEqual(['']);
  expect(hasty.seen).toHaveLength(1);
  const evasive = contextWith(() => 'hm <search>sol</search>');
  expect(await runReadJob(evasive.context, job(false))).toEqual(['']);
});

test('more passages than a search returns are all shown; what does not fit is cut, never the tags', async () => {
  const { context, seen } = contextWith(() => 'x</answer>');
  const many = Array.from({ length: 40 }, (_, index) => `T\npassage number ${index} of many`);
  await runReadJob(context, job(false, { passages: many }));
  const text = seen[0]?.text ?? '';
  expect(text).toContain('Doc 5: passage number 4');
  expect(text).toMatch(/<\/information><think><\/think><answer>$/);
  const { length } = seen[0]?.request.contextTokenIds ?? [];
  expect(length).toBeLessThanOrEqual(600 - atlasEnvironment.maxTokensPerTurn + 3);
});
