import { expect, it } from 'vitest';
import { sisterRecipe } from './sister-recipe.js';
import { sisterParts, sisterRows } from './sister-rows.js';

const recipeOf = (name: string) => {
  const row = sisterRows.find((candidate) => candidate.name === name);
  if (row === undefined) throw new Error(`no row ${name}`);
  return sisterRecipe({ row, seed: 7, outputDir: '/work-folder' });
};

it.each(sisterRows.map((row) => [row.name, row] as const))(
  '%s is a recipe whose models the table shows',
  (name, row) => {
    const { recipe, keys } = recipeOf(name);
    expect(recipe).toMatchObject({ seed: 7, outputDir: '/work-folder' });
    expect(keys).not.toHaveProperty('outputDir');
    const stages = recipe.stages.map((stage) => stage.name);
    const voted =
      recipe.evaluation.selfConsistency === undefined ? [] : stages.map((stage) => `${stage}-self-consistent`);
    const made = ['base', 'base-with-hints', 'teacher', ...stages, ...voted];
    expect(made).toEqual(expect.arrayContaining(Object.keys(row.models)));
    // Every stage is shown by some row of its part.
    const part = sisterParts.find(({ rows }) => rows.includes(row));
    const shown = part?.rows.flatMap(({ models }) => Object.keys(models));
    expect(shown).toEqual(expect.arrayContaining(stages));
  },
);

it('what is compared and drawn is in the table of its part', () => {
  for (const { rows, comparisons, charts } of sisterParts) {
    const ids = rows.flatMap(({ name, models }) => Object.keys(models).map((model) => `${name}/${model}`));
    expect(ids).toEqual(expect.arrayContaining(comparisons.flat()));
    expect(ids).toEqual(expect.arrayContaining(charts.flatMap(({ models }) => models)));
  }
  const files = sisterParts.flatMap(({ charts }) => charts.map(({ file }) => file));
  expect(new Set(files).size).toBe(files.length);
  expect(new Set(sisterRows.map(({ name }) => name)).size).toBe(sisterRows.length);
});

it('with and without first-thought prefix differ in it alone', () => {
  const [without] = recipeOf('agent-distillation').recipe.stages;
  const [prefixed] = recipeOf('agent-distillation-prefix').recipe.stages;
  expect(without?.distill?.firstThoughtPrefix).toBe(false);
  expect(prefixed?.distill).toEqual({ ...without?.distill, firstThoughtPrefix: true });
});

it.each(['agent-distillation-dgpo', 'household-dgpo'])('%s: PPO and DGPO differ in guidance alone', (name) => {
  const [ppo, dgpo] = recipeOf(name).recipe.stages.slice(-2);
  expect(ppo).toMatchObject({ name: 'ppo', baseline: true, rl: { guidance: { gate: 'never' } } });
  expect(dgpo).toMatchObject({ name: 'dgpo', rl: { guidance: { gate: 'incorrect' } } });
  expect({ ...ppo?.rl, guidance: undefined }).toEqual({ ...dgpo?.rl, guidance: undefined });
});

it('the cold start of the combination is agent distillation as it stands alone', () => {
  const [alone] = recipeOf('agent-distillation').recipe.stages;
  const { recipe } = recipeOf('agent-distillation-dgpo');
  expect(recipe.stages[0]).toEqual(alone);
  expect(recipe.environment).toEqual({ ...recipeOf('agent-distillation').recipe.environment, kind: 'code' });
});
