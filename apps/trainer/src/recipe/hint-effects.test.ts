import { expect, test } from 'vitest';
import { type RecipeInput, recipeConflicts, recipeSchema } from './recipe-schema.js';

const data = { world: 'household' as const };
const messages = (recipe: Partial<RecipeInput>) =>
  recipeConflicts({ data, ...recipe }).conflicts.map(({ path, message }) => `${path.join('.')} ${message}`);

test.each<[string, Partial<RecipeInput>, string[]]>([
  ['used keys', { method: 'hint-distillation', hints: { k: 2, threshold: 0.9, repeats: 2, filter: 'reference' } }, []],
  ['the filter alone', { method: 'rft', hints: { filter: 'reference' } }, []],
  [
    'hints without a stage',
    { method: 'rft', hints: { k: 2 } },
    ['hints.k has no effect without a stage with demonstrator: hinted'],
  ],
  [
    'the filter without a stage',
    { method: 'dgpo', hints: { filter: 'paper' } },
    ['hints.filter has no effect without a stage with demonstrator: hinted or self'],
  ],
  [
    'a server that nobody asks',
    { method: 'hint-distillation', hints: { url: 'http://127.0.0.1:1' } },
    ['hints.url has no effect without writer: server or retrieval: server'],
  ],
  [
    'rules beside a model',
    { method: 'hint-distillation', hints: { writer: 'server', url: 'http://127.0.0.1:1', name: 'm', repeats: 4 } },
    ['hints.repeats has no effect with writer: server'],
  ],
  [
    'padding of what is full',
    { method: 'hint-distillation', hints: { retrieval: 'first', pad: false } },
    ['hints.pad has no effect with retrieval: first, which fills up anyway'],
  ],
])('%s', (_, recipe, expected) => {
  expect(messages(recipe)).toEqual(expected);
});

const problems = (recipe: RecipeInput) =>
  recipeSchema.safeParse(recipe).error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`) ?? [];

test('failed searches give no hints', () => {
  const search = { corpus: 'c', trainQuestions: 't' };
  expect(problems({ data: search, method: 'hint-distillation' })).toEqual([
    'stages.1.distill.demonstrator hinted needs data.world: household or webshop; failed searches give no hints',
  ]);
  expect(problems({ data: search, method: 'rft' })).toEqual([]);
});

test('a server needs its address and the name of its model', () => {
  expect(problems({ data, method: 'hint-distillation', hints: { retrieval: 'server' } } as RecipeInput)).toEqual([
    'hints.url is required with retrieval: server',
    'hints.name is required with retrieval: server',
  ]);
});

test('hint distillation stands for the baseline and itself, both from the base', () => {
  const { recipe } = recipeConflicts({ data, method: 'hint-distillation' });
  expect(recipe.stages).toMatchObject([
    { name: 'rft', baseline: true, distill: { objective: 'sft', demonstrator: 'self', temperature: 0 } },
    { name: 'hint-distillation', distill: { objective: 'sft', demonstrator: 'hinted', temperature: 0 } },
  ]);
  expect(recipe.stages).not.toHaveProperty('1.baseline');
});

test('the last stage is no baseline, and a teacher with hints needs a stage that makes some and scores tokens', () => {
  const sft = (demonstrator: 'self' | 'hinted') => ({ objective: 'sft' as const, demonstrator });
  const pipeline = (stages: RecipeInput['stages'], kind?: 'hinted') =>
    problems({ data, method: 'pipeline', stages, ...(kind === undefined ? {} : { teacher: { kind } }) } as RecipeInput);
  expect(pipeline([{ name: 'a', baseline: true, distill: sft('self') }])).toEqual([
    'stages.0.baseline has no effect on the last stage, which no other one follows',
  ]);
  const guided = (estimator: 'k2' | 'full') => ({
    name: 'rl',
    rl: { guidance: { gate: 'incorrect' as const, estimator, form: 'loss' as const } },
  });
  const hinted = { name: 'a', distill: sft('hinted') };
  expect(pipeline([hinted, guided('k2')], 'hinted')).toEqual([]);
  expect(pipeline([hinted, guided('full')], 'hinted')).toEqual([
    'stages.1.rl.guidance.estimator full needs whole distributions; with teacher.kind: hinted use k1, k2, k3 or abs',
  ]);
  expect(pipeline([{ name: 'a', distill: sft('self') }, guided('k2')], 'hinted')).toEqual([
    'teacher.kind hinted needs a stage with demonstrator: hinted before it guides',
  ]);
});
