import { createByteTokenizer, type GenerateRequest } from '@dgpo/envs';
import { expect, test } from 'vitest';
import { atlasEnvironment } from '../demo/demo-settings.js';
import { createJobContext } from './jobs.js';
import { type ReadJob, runReadJob } from './read-job.js';

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

const job = (
  think: boolean,
  passages = ['Peru\nThe capital of Peru is Lima.', 'Peru\nPeru has the sol.'],
): ReadJob => ({
  kind: 'read',
  policy: { model: 'm' },
  tokenizer: 'folder',
  environment: { ...atlasEnvironment, maxContextTokens: 400 },
  requests: [{ task: { id: 'q', question: 'What money is used in Peru', goldenAnswers: ['sol'] }, passages }],
  think,
  temperature: 0,
  seed: 3,
  batchSize: 4,
});

const observed =
  'Question: What money is used in Peru?\n<information>Doc 1: The capital of Peru is Lima.\nDoc 2: Peru has the sol.</information>';

test('to answer at once, the model continues an opened answer after prompt and observation', async () => {
  const { context, seen, released } = contextWith(() => ' sol </answer>');
  expect(await runReadJob(context, job(false))).toEqual(['sol']);
  expect(seen.map(({ text }) => text)).toEqual([`${observed}<answer>`]);
  // Tags are the special tokens of the tokenizer, as in an episode.
  expect(seen[0]?.request.contextTokenIds.filter((id) => id >= 256)).toEqual([260, 261, 262]);
  expect(seen[0]?.request).toMatchObject({ maxTokens: atlasEnvironment.maxTokensPerTurn - 1, temperature: 0 });
  expect(released).toEqual(['read 0']);
});

test('to think first, it continues an opened thought', async () => {
  const { context, seen } = contextWith(() => 'It is the sol.</think><answer>sol</answer>');
  expect(await runReadJob(context, job(true))).toEqual(['sol']);
  expect(seen[0]?.text).toBe(`${observed}<think>`);
});

test('who searches instead, or never closes the answer, gives none', async () => {
  const search = contextWith(() => 'I need more.</think><search>sol</search>');
  expect(await runReadJob(search.context, job(true))).toEqual(['']);
  const endless = contextWith(() => 'sol and sol and');
  expect(await runReadJob(endless.context, job(false))).toEqual(['']);
});

test('more passages than a search returns are all shown; what does not fit is cut, never the tags', async () => {
  const { context, seen } = contextWith(() => 'x</answer>');
  const passages = Array.from({ length: 40 }, (_, index) => `T\npassage number ${index} of many`);
  await runReadJob(context, job(false, passages));
  const text = seen[0]?.text ?? '';
  expect(text).toContain('Doc 5: passage number 4');
  expect(text).toMatch(/<\/information><answer>$/);
  expect(seen[0]?.request.contextTokenIds.length).toBeLessThanOrEqual(400 - atlasEnvironment.maxTokensPerTurn + 1);
});
