import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { mergeTrees } from '../recipe/expand-method.js';
import { mergeChain, readRecipeChain } from '../recipe/recipe-chain.js';
import { recipesDirectory } from '../recipe/shipped-recipes.js';
import { methodRows } from './method-rows.js';
import { rowRecipe } from './run-method-row.js';

const path = `${recipesDirectory}/base/demo-world.yaml`;
const base = mergeChain(readRecipeChain({ path, text: readFileSync(path, 'utf8') }));

it.each(methodRows.map((row) => [row.name, row] as const))('%s is a recipe in every configuration', (_, row) => {
  const plain = rowRecipe({ base, row, seed: 1 });
  const others = (row.grid ?? []).map((keys) => rowRecipe({ base, row, keys, seed: 1 }));
  const last = [plain, ...others].map(({ stages }) => JSON.stringify(stages.at(-1)));
  // Four configurations of the last stage; what comes before is the same in all.
  if (row.grid !== undefined) expect(new Set(last.slice(1)).size).toBe(4);
  for (const { stages } of others) expect(stages.slice(0, -1)).toEqual(plain.stages.slice(0, -1));
});

it('a longer cold start differs in its passes alone', () => {
  const stagesOf = (name: string) => {
    const row = methodRows.find((candidate) => candidate.name === name);
    return row === undefined ? [] : rowRecipe({ base, row, seed: 1 }).stages;
  };
  const [[short, dgpo], [long, after]] = [stagesOf('dgpo'), stagesOf('dgpo-long')];
  expect(long?.distill).toEqual({ ...short?.distill, numTrainEpochs: 12 });
  expect(after).toEqual(dgpo);
});

it('rows with a cold start share it to the byte', () => {
  const first = methodRows
    .filter(({ student, start }) => student === undefined && start === undefined)
    .map((row) => rowRecipe({ base: mergeTrees(base, {}), row, seed: 1 }).stages[0])
    .filter((stage) => stage?.name === 'kd');
  expect(first.length).toBeGreaterThan(5);
  expect(new Set(first.map((stage) => JSON.stringify(stage))).size).toBe(1);
});

it('the small student is trained with and without guidance from one cold start', () => {
  const [dgpo, ppo] = ['dgpo-small', 'kd-ppo-small'].map((name) => {
    const row = methodRows.find((candidate) => candidate.name === name);
    return row === undefined ? [] : rowRecipe({ base, row, seed: 1 }).stages;
  });
  expect(ppo?.[0]).toEqual(dgpo?.[0]);
  expect(ppo?.[1]).not.toEqual(dgpo?.[1]);
});
