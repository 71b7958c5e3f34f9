import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collectTeacherOutputs, type RunTeacherOptions, reverseKlAdvantages } from '@dgpo/distill';
import { createServerPolicy, type ServerApi } from '@dgpo/distill/teachers';
import { createSearchEnvironment, type Policy, runEpisodes, streamEpisodes } from '@dgpo/envs';
import { getParameters, trainCompactTokenizer } from '@dgpo/lm';
import { createRandom, type Trajectory } from '@dgpo/trajectory';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ComputePool, createComputePool } from '../compute/pool.js';
import { teacherSchema } from '../recipe/model-sections.js';
import type { Recipe } from '../recipe/recipe-schema.js';
import { type TinyModel, tinyModel, tinyServer } from '../serve/__fixtures__/tiny-server.js';
import type { ModelServer } from '../serve/create-model-server.js';
import { type RunningModelServer, serveModel } from '../serve/serve-model.js';
import { episodeRow } from '../train/episode-rows.js';
import { createPoolTeacher } from './create-pool-teacher.js';
import { openTeacher } from './open-teacher.js';
import { requireSameIds } from './require-same-ids.js';

/** Float32 in two orders of summation. */
const tolerance = 1e-4;
const key = 'sk-teacher';
const environment = { TEACHER_KEY: key };

let model: TinyModel;
let server: ModelServer;
let running: RunningModelServer;
let pool: ComputePool;
let directory: string;
beforeAll(async () => {
  model = await tinyModel();
  server = tinyServer(model, { apiKey: key });
  running = await serveModel({ server, port: 0 });
  pool = await createComputePool({ engine: 'wasm', workers: 0 });
  const weights = await getParameters(model.decoder);
  await pool.broadcast({ kind: 'model', name: 'teacher', config: model.decoder.config, valueHead: false, weights });
  directory = await mkdtemp(join(tmpdir(), 'dgpo-teacher-'));
});
afterAll(async () => {
  await running.close();
  await pool.close();
  server.dispose();
  model.decoder.dispose();
  await rm(directory, { recursive: true, force: true });
});

const settings = (more: Partial<Recipe['teacher']> = {}): Recipe['teacher'] =>
  teacherSchema.parse({ kind: 'server', url: running.url, name: 'tiny', apiKeyVariable: 'TEACHER_KEY', ...more });
const open = (more: Partial<Parameters<typeof openTeacher>[0]> = {}) =>
  openTeacher({ settings: settings(), pool, tokenizer: model.tokenizer, maxContextTokens: 200, environment, ...more });

const shortEnvironment = () =>
  createSearchEnvironment({
    retriever: { retrieve: async ({ queries }) => queries.map(() => []) },
    maxSearches: 1,
    maxTokensPerTurn: 6,
    maxContextTokens: 200,
    promptTemplate: '{question}',
    invalidActionMessage: '\nAgain.\n',
  });

function rows() {
  const ids = (text: string) => model.tokenizer.encode(text);
  const [short, long] = [ids('Peru'), ids('Lima is the capital of Peru.')];
  return [
    { tokenIds: long, mask: long.map((_, index) => Number(index > 3 && index % 2 === 0)) },
    { tokenIds: short, mask: short.map(() => 0) },
    { tokenIds: short, mask: short.map(() => 1) },
  ];
}

describe('a teacher behind dgpo serve', () => {
  it.each(['vllm', 'openai'] satisfies ServerApi[])('scores by %s as the same model here', async (api) => {
    const { teacher: remote, probe } = await open({ settings: settings({ api, topK: 3 }) });
    expect(probe).toMatchObject({ tokenizer: 'ids' });
    const here = await createPoolTeacher({ pool, model: 'teacher', microBatchSize: 1 }).score(rows());
    const there = await remote.score(rows());
    expect(there.map(({ logProbs }) => logProbs.length)).toEqual(here.map(({ logProbs }) => logProbs.length));
    here.forEach(({ logProbs }, row) => {
      logProbs.forEach((value, at) => {
        expect(Math.abs((there[row]?.logProbs[at] ?? 0) - value)).toBeLessThan(tolerance);
      });
    });
    const [scores] = there;
    const { k = 0, logProbs: best = [] } = scores?.topK ?? {};
    expect(best).toHaveLength(3 * (scores?.logProbs.length ?? 0));
    scores?.logProbs.forEach((_, at) => {
      const sum = Array.from(best.slice(at * k, at * k + k), Math.exp).reduce((total, value) => total + value, 0);
      expect(sum).toBeGreaterThan(3 / model.tokenizer.vocabularySize);
      expect(sum).toBeLessThan(1);
    });
  });

  it('compares tags and the template with the student’s', async () => {
    const renderChat: Policy['renderChat'] = (messages) =>
      `${messages.map(({ role, content }) => `<${role}>${content}`).join('')}<assistant>`;
    const { probe } = await open({ renderChat, specialTokens: ['<user>', '<assistant>'] });
    expect(probe).toEqual({ tokenizer: 'ids', chatTemplate: 'agrees', uncheckedSpecialTokens: [] });
    await expect(open({ renderChat: () => 'another template' })).rejects.toThrow(
      /the probe of the chat template failed/,
    );
    await expect(open({ specialTokens: ['<search>'] })).rejects.toThrow(/the probe of special tokens failed/);
  });

  it('refuses a student with another tokenizer, before anything is scored', async () => {
    const other = trainCompactTokenizer({
      texts: ['Rivers of Asia flow into many seas.'],
      specialTokens: ['<user>', '<assistant>'],
      maximumPieces: 16,
    });
    await expect(open({ tokenizer: other })).rejects.toThrow(/the probe of the tokenizer failed: from token/);
    expect(() => requireSameIds({ student: model.tokenizer, teacher: other, where: 'folder' })).toThrow(
      /^folder: the tokenizer of the teacher is not the student’s: (id \d+ is|it has)/,
    );
    expect(() => requireSameIds({ student: other, teacher: other, where: 'folder' })).not.toThrow();
  });

  it('keeps answers in a folder', async () => {
    const cacheDirectory = join(directory, 'cache');
    const first = await (await open({ cacheDirectory })).teacher.score(rows());
    expect(await readdir(cacheDirectory)).toEqual(['teacher-scores.jsonl']);
    expect(await (await open({ cacheDirectory })).teacher.score(rows())).toEqual(first);
  });

  it('says who refused, and never the key', async () => {
    const wrong = open({ environment: { TEACHER_KEY: 'sk-wrong' } });
    await expect(wrong).rejects.toThrow(/status 401: the API key is wrong/);
    await expect(wrong).rejects.not.toThrow(/sk-/);
    await expect(open({ environment: {} })).rejects.toThrow(/TEACHER_KEY is not set/);
    await expect(open({ settings: settings({ topK: 21 }) })).rejects.toThrow(/prompt_logprobs: must be at most 20/);
    await expect(open({ settings: settings({ name: 'other' }) })).rejects.toThrow(/no model "other"/);
    await expect(open({ temperature: 0.5 })).rejects.toThrow(/scores at temperature 1, not 0.5/);
  });

  it('samples ids as the model does: what it says of them is what it scores', async () => {
    const { policy, teacher } = await open();
    const context = model.tokenizer.encode('Peru is');
    const request = (seed: number) => ({
      id: `${seed}`,
      contextTokenIds: context,
      maxTokens: 12,
      temperature: 1,
      random: createRandom(seed),
    });
    const results = (await policy?.generate([request(1), request(2), request(1)])) ?? [];
    expect(results[0]).toEqual(results[2]);
    expect(results[0]?.tokenIds).not.toEqual(results[1]?.tokenIds);
    const sampled = results.slice(0, 2).map(({ tokenIds }) => ({
      tokenIds: [...context, ...tokenIds],
      mask: [...context.map(() => 0), ...tokenIds.map(() => 1)],
    }));
    const scores = await teacher.score(sampled);
    scores.forEach(({ logProbs }, row) => {
      expect(logProbs).toHaveLength(results[row]?.tokenIds.length ?? -1);
      logProbs.forEach((value, at) => {
        expect(Math.abs((results[row]?.logProbs[at] ?? 0) - value)).toBeLessThan(tolerance);
      });
    });
  });

  it('plays the episodes of a collection, and guides on-policy distillation by what it says of their tokens', async () => {
    const { policy, teacher } = await open();
    const tasks = ['a', 'b', 'c'].map((id) => ({ id, question: 'Peru?', goldenAnswers: ['Lima'] }));
    const collected: Trajectory[] = [];
    const run = (request: RunTeacherOptions) =>
      streamEpisodes({ environment: shortEnvironment(), policy: policy as Policy, seed: 0, ...request });
    for await (const trajectory of collectTeacherOutputs({ run, tasks, samplesPerTask: 2 })) collected.push(trajectory);
    expect(collected.map(({ task }) => task.id)).toEqual(['a', 'a', 'b', 'b', 'c', 'c']);
    // The student is the teacher's twin here: it has nothing to learn from it.
    const rows = collected.map(episodeRow);
    const scores = await teacher.score(rows);
    const own = await createPoolTeacher({ pool, model: 'teacher' }).score(rows);
    scores.forEach(({ logProbs }, row) => {
      const grid = (data: Float32Array) => ({ data, shape: [1, data.length] as [number, number] });
      const { advantages } = reverseKlAdvantages({
        studentLogProbs: grid(own[row]?.logProbs ?? new Float32Array()),
        teacherLogProbs: grid(logProbs),
        policyMask: grid(new Float32Array(logProbs.length).fill(1)),
      });
      expect(advantages.data.length).toBeGreaterThan(0);
      for (const advantage of advantages.data) expect(Math.abs(advantage)).toBeLessThan(tolerance);
    });
  });

  it('plays in an environment, by every API the server speaks', async () => {
    const { tokenizer } = model;
    const own = {
      encode: (text: string, encoding?: { allowSpecial?: boolean }) => tokenizer.encode(text, encoding),
      decode: (ids: readonly number[]) => tokenizer.decode(ids),
    };
    const episodes = await Promise.all(
      (['vllm', 'openai'] as const).map((api) => {
        const policy: Policy = createServerPolicy({
          url: running.url,
          model: 'tiny',
          api,
          apiKey: key,
          tokenizer: own,
        });
        return runEpisodes({
          environment: shortEnvironment(),
          policy,
          tasks: ['a', 'b'].map((id) => ({ id, question: 'Peru?', goldenAnswers: ['Lima'] })),
          temperature: 1,
          seed: 0,
        });
      }),
    );
    expect(episodes[0]).toEqual(episodes[1]);
    const written = (episodes[0] ?? []).map(({ segments }) => segments.filter(({ kind }) => kind === 'policy'));
    expect(written.map((turns) => turns.length)).toEqual([2, 2]);
    for (const { tokenIds = [], logProbs = [] } of written.flat()) {
      expect(tokenIds.length).toBeGreaterThan(0);
      expect(logProbs).toHaveLength(tokenIds.length);
    }
  });
});
