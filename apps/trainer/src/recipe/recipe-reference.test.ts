import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { recipeFields, recipeJsonSchema } from './recipe-fields.js';
import { recipeReference } from './recipe-reference.js';

const root = new URL('../../../../', import.meta.url);

it('docs/recipes.md and recipes/recipe.schema.json are current (npm run docs:recipes -w @dgpo/trainer)', () => {
  expect(readFileSync(new URL('docs/recipes.md', root), 'utf8')).toBe(recipeReference());
  const schema = JSON.parse(readFileSync(new URL('recipes/recipe.schema.json', root), 'utf8'));
  expect(schema).toEqual(recipeJsonSchema());
});

it('every key has a description, and every scalar a default unless it may be absent', () => {
  const fields = recipeFields();
  expect(fields.filter((field) => field.description === '')).toEqual([]);
  const withoutDefault = fields.filter((field) => field.type !== 'section' && field.defaultValue === undefined);
  expect(withoutDefault.map((field) => field.path).sort()).toEqual([
    'data.corpus',
    'data.trainQuestions',
    'data.validationQuestions',
    'data.webshop.catalogue',
    'data.world',
    'distill.maxPerTask',
    'distill.maxTurns',
    'environment.format',
    'environment.kind',
    'environment.maxTurns',
    'environment.promptTemplate',
    'extends',
    'hints.apiKeyVariable',
    'hints.maxHints',
    'hints.name',
    'hints.url',
    'retriever.path',
    'retriever.url',
    'rl.collapse.maximumEntropy',
    'rl.collapse.maximumKl',
    'rl.collapse.maximumLength',
    'rl.collapse.minimumEntropy',
    'rl.guidance.threshold',
    'rl.policyLoss.clipRatioHigh',
    'rl.policyLoss.clipRatioLow',
    'rl.policyLoss.dualClip',
    'rl.policyLoss.maxTokens',
    'rl.samplerCorrection.geometricHigh',
    'rl.samplerCorrection.geometricLow',
    'rl.samplerCorrection.level',
    'stages',
    'student.fresh.intermediateSize',
    'student.fresh.numKeyValueHeads',
    'student.path',
    'teacher.apiKeyVariable',
    'teacher.fresh.intermediateSize',
    'teacher.fresh.numKeyValueHeads',
    'teacher.name',
    'teacher.path',
    'teacher.tokenizer',
    'teacher.url',
    'tracking.name',
    'tracking.project',
  ]);
});
