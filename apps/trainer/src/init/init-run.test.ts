import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, DatasetError } from '@dgpo/trajectory';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadRecipe } from '../recipe/load-recipe.js';
import { readQuestions } from '../recipe/read-questions.js';
import { initRun } from './init-run.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'dgpo-init-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const lines = (values: readonly object[]) => values.map((value) => `${JSON.stringify(value)}\n`).join('');

function writeFiles(count: number, extra: object = {}) {
  const corpus = join(root, 'my corpus: one.jsonl');
  const questions = join(root, 'q.jsonl');
  writeFileSync(corpus, lines([{ id: '0', contents: '"Peru"\nIts capital is Lima.' }]));
  const question = (index: number) => ({
    id: `q${index}`,
    question: `Question ${index}?`,
    golden_answers: ['Lima'],
    ...extra,
  });
  writeFileSync(questions, lines(Array.from({ length: count }, (_, index) => question(index))));
  return { corpus, questions };
}

it('holds every tenth question out and writes a recipe that loads', async () => {
  const files = writeFiles(25, { metadata: { supporting_facts: { title: ['Peru'], sent_id: [0] } } });
  const directory = join(root, 'run');
  const result = await initRun({ directory, files });
  expect(result).toEqual({
    recipePath: join(directory, 'recipe.yaml'),
    data: { passages: 1, trainQuestions: 23, evalQuestions: 2 },
    notes: [],
  });
  const recipe = await loadRecipe({ path: result.recipePath, workingDirectory: root });
  expect(recipe.data.corpus).toBe(files.corpus);
  expect(recipe.stages[0]?.distill).toMatchObject({ numTasks: 23, numTrainEpochs: 10 });
  const train = await readQuestions({ path: recipe.data.trainQuestions ?? '' });
  const held = await readQuestions({ path: recipe.data.evalQuestions[0]?.path ?? '' });
  expect(held.map((task) => task.id)).toEqual(['q9', 'q19']);
  expect(train).toHaveLength(23);
  expect(train[9]?.id).toBe('q10');
  expect(readFileSync(result.recipePath, 'utf8')).toContain('corpus: "../my corpus: one.jsonl"');
});

it('uses held-out questions that are given, and notes what the files lack', async () => {
  const files = writeFiles(300);
  const evalQuestions = join(root, 'dev.jsonl');
  writeFileSync(evalQuestions, lines([{ id: 'd', question: 'And?', golden_answers: ['x'] }]));
  const { data, notes, recipePath } = await initRun({ directory: root, files: { ...files, evalQuestions } });
  expect(data).toEqual({ passages: 1, trainQuestions: 300, evalQuestions: 1 });
  expect(notes).toEqual([
    '300 questions name no supporting passages; the scripted expert searches with the question itself',
  ]);
  expect(existsSync(join(root, 'questions-train.jsonl'))).toBe(false);
  const recipe = await loadRecipe({ path: recipePath });
  expect(recipe.data.trainQuestions).toBe(files.questions);
  expect(recipe.data.evalQuestions).toEqual([{ name: 'held-out', path: evalQuestions }]);
  expect(recipe.stages[0]?.distill).toMatchObject({ numTasks: 300, numTrainEpochs: 5 });
});

it('holds the last one of a few questions out, and asks for more than one', async () => {
  const { data } = await initRun({ directory: join(root, 'few'), files: writeFiles(3) });
  expect(data).toMatchObject({ trainQuestions: 2, evalQuestions: 1 });
  await expect(initRun({ directory: join(root, 'one'), files: writeFiles(1) })).rejects.toThrow(
    /q\.jsonl: has one question alone, so none can be held out/,
  );
});

it('writes a recipe for the generated world without files', async () => {
  const { recipePath } = await initRun({ directory: join(root, 'world') });
  expect((await loadRecipe({ path: recipePath })).data.world).toBe('atlas');
});

it('overwrites nothing and reports the first bad line before it writes', async () => {
  const files = writeFiles(20);
  const directory = join(root, 'run');
  writeFileSync(files.questions, '{"id": "1", "question": "?", "golden_answers": ["x"]}\n{"id": "2"}\n');
  await expect(initRun({ directory, files })).rejects.toThrow(/q\.jsonl:2: /);
  await expect(initRun({ directory, files })).rejects.toBeInstanceOf(DatasetError);
  expect(existsSync(directory)).toBe(false);
  const good = writeFiles(20);
  await initRun({ directory, files: good });
  const before = readFileSync(join(directory, 'recipe.yaml'), 'utf8');
  await expect(initRun({ directory, files: good })).rejects.toThrow(
    /recipe\.yaml: is there already and is not overwritten/,
  );
  rmSync(join(directory, 'recipe.yaml'));
  await expect(initRun({ directory, files: good })).rejects.toBeInstanceOf(ConfigError);
  expect(before).toContain('questions-held-out.jsonl');
});
