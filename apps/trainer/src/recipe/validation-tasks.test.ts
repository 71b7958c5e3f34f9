import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Task } from '@dgpo/trajectory';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RecipeInput, recipeSchema } from './recipe-schema.js';
import { splitValidation } from './validation-tasks.js';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'dgpo-validation-'));
});
afterAll(() => rmSync(root, { recursive: true }));

const trainTasks: Task[] = Array.from({ length: 5 }, (_, index) => ({
  id: `${index}`,
  question: `${index}?`,
  goldenAnswers: ['x'],
}));

const recipe = (options: { rl?: RecipeInput['rl']; data?: object; validationTasks?: number }) =>
  recipeSchema.parse({
    data: { corpus: 'c.jsonl', trainQuestions: 't.jsonl', ...options.data },
    rl: options.rl ?? { evalSteps: 5 },
    evaluation: { validationTasks: options.validationTasks ?? 2 },
  });

const ids = (tasks: readonly Task[]) => tasks.map(({ id }) => id).join('');

it('sets the last training questions aside, where a stage is evaluated', async () => {
  const split = await splitValidation({ recipe: recipe({}), trainTasks });
  expect([ids(split.trainTasks), ids(split.validationTasks)]).toEqual(['012', '34']);
  const none = await splitValidation({ recipe: recipe({ rl: {} }), trainTasks });
  expect([ids(none.trainTasks), ids(none.validationTasks)]).toEqual(['01234', '']);
  await expect(splitValidation({ recipe: recipe({ validationTasks: 5 }), trainTasks })).rejects.toThrow(
    /evaluation\.validationTasks: takes 5 of the 5 training questions/,
  );
});

it('reads questions of their own', async () => {
  const path = join(root, 'validation.jsonl');
  const lines = ['p', 'q', 'r'].map((id) => JSON.stringify({ id, question: '?', golden_answers: ['x'] }));
  writeFileSync(path, `${lines.join('\n')}\n`);
  const split = await splitValidation({ recipe: recipe({ data: { validationQuestions: path } }), trainTasks });
  expect([ids(split.trainTasks), ids(split.validationTasks)]).toEqual(['01234', 'pq']);
});

it('refuses what would have no effect', () => {
  const parse = (options: Parameters<typeof recipe>[0]) => () => recipe(options);
  expect(parse({ rl: {}, data: { validationQuestions: 'v.jsonl' } })).toThrow(/has no effect without evalSteps/);
  expect(parse({ rl: { loadBestModelAtEnd: true } })).toThrow(/has no effect with evalSteps: 0/);
  expect(parse({ data: { world: 'atlas', validationQuestions: 'v.jsonl' } })).toThrow(
    /cannot stand beside data\.world/,
  );
});
