import { expect, it } from 'vitest';
import { estimateRun } from '../estimate/estimate-run.js';
import { loadRecipe, parseRecipe } from './load-recipe.js';
import { splitRecipeFlags } from './recipe-flags.js';
import { shippedRecipes } from './shipped-recipes.js';

const server = 'teacher:\n  kind: server\n  url: http://127.0.0.1:8000\n  name: qwen\n  tokenizer: teachers/qwen\n';
const parse = (text: string, method = text.includes('stages:') ? 'pipeline' : 'dgpo-reference') =>
  parseRecipe({
    text: `method: ${method}\ndata:\n  corpus: corpus.jsonl\n  trainQuestions: train.jsonl\n${text}`,
    path: 'recipes/mine.yaml',
    overrides: [],
    workingDirectory: '/home/me',
  });

it('reads a teacher behind a server', () => {
  const { teacher } = parse(`${server}  apiKeyVariable: TEACHER_KEY\ndistill:\n  klWeight: 0\n`);
  expect(teacher).toMatchObject({ api: 'vllm', topK: 0, tokenizer: '/home/me/recipes/teachers/qwen' });
});

it.each([
  ['teacher:\n  kind: server\n', /teacher\.url.*is required with kind: server/],
  ['teacher:\n  kind: server\n  url: http://a\n', /teacher\.name.*is required with kind: server/],
  ['teacher:\n  kind: server\n  url: localhost\n  name: a\n', /expected a URL such as/],
  [`${server}  path: model\n`, /teacher\.path.*has no effect with kind: server/],
  [`${server}  apiKeyVariable: sk-1234\n`, /expected the name of an environment variable, not the key/],
  ['teacher:\n  url: http://a\n', /teacher\.url.*has no effect with kind: scripted/],
  ['teacher:\n  topK: 3\n', /teacher\.topK.*has no effect with kind: scripted/],
  ['teacher:\n  kind: model\n  path: m\n  api: sglang\n', /teacher\.api.*has no effect with kind: model/],
  [server, /distill\.klWeight.*must be 0 with teacher\.kind: server/],
  [
    `${server}stages:\n  - { name: a, rl: { guidance: { estimator: full, form: loss } } }\n`,
    /rl\.guidance\.estimator.*full needs a teacher on this machine/,
  ],
  [
    `${server}distill:\n  klWeight: 0\nrl:\n  temperature: 0.7\n`,
    /rl\.temperature.*must be 1 with teacher\.kind: server/,
  ],
  [
    `${server}  topK: 4\ndistill:\n  klWeight: 0\n`,
    /teacher\.topK.*has no effect without rl\.guidance\.estimator: topK/,
  ],
  [
    `${server}stages:\n  - { name: a, rl: { guidance: { estimator: topK, form: loss } } }\n`,
    /rl\.guidance\.estimator.*topK needs teacher\.topK above 0/,
  ],
  [
    `${server}  topK: 4\nstages:\n  - { name: a, rl: { guidance: { estimator: topK } } }\n`,
    /rl\.guidance\.estimator.*topK needs form: loss/,
  ],
  [
    `${server}  topK: 4\nstages:\n  - { name: a, rl: { guidance: { estimator: topK, form: loss, reference: initial } } }\n`,
    /rl\.guidance\.estimator.*this reference is a local model: take full/,
  ],
])('refuses %j', (text, message) => {
  expect(() => parse(text)).toThrow(message);
});

const chat = 'teacher:\n  kind: server\n  url: http://127.0.0.1:8000\n  name: gpt\n  api: chat\n';

it.each([
  [
    `${chat}distill:\n  klWeight: 0\n`,
    /distill\.objective needs scores of the teacher, and teacher\.api: chat gives text/,
  ],
  [
    `${chat}stages:\n  - { name: a, rl: { guidance: { estimator: k1 } } }\n`,
    /rl\.guidance\.reference needs scores of the teacher/,
  ],
  [`${chat}  tokenizer: t\nstages: []\n`, /teacher\.tokenizer has no effect with api: chat/],
  ['teacher:\n  continueFinalMessage: true\n', /teacher\.continueFinalMessage has no effect with kind: scripted/],
  [`${server}  continueFinalMessage: true\n`, /teacher\.continueFinalMessage has no effect without api: chat/],
  ['teacher:\n  kind: modle\n  path: m\n', /teacher\.kind: expected one of/],
])('refuses %j', (text, message) => {
  expect(() => parse(text)).toThrow(message);
});

it('takes text alone for cross-entropy on demonstrations', () => {
  const stage = (keys: string) =>
    `environment: { kind: code }\nstages:\n  - { name: a, distill: { objective: sft${keys} } }\n`;
  parse(`${chat}${stage('')}`);
  parse(`${chat}  continueFinalMessage: true\n${stage(', firstThoughtPrefix: true')}`);
  expect(() => parse(`${chat}${stage(', firstThoughtPrefix: true')}`)).toThrow(
    /distill\.firstThoughtPrefix needs teacher\.continueFinalMessage: true with teacher\.api: chat/,
  );
  parse(`${chat}${stage(', firstThoughtPrefix: true, demonstrator: expert')}`);
});

it('takes the place of the teacher of a shipped recipe', async () => {
  const path = shippedRecipes().find(({ name }) => name === 'agent-distillation')?.path ?? '';
  const flags = (more: string[]) =>
    splitRecipeFlags(['--teacher.kind', 'server', '--teacher.url', 'http://a', '--teacher.name', 'gpt', ...more]);
  const load = (more: string[] = []) => loadRecipe({ path, overrides: flags(more).overrides });
  const { teacher } = await load();
  expect(teacher).toMatchObject({ kind: 'server', url: 'http://a', name: 'gpt' });
  expect(teacher.path).toBeUndefined();
  await expect(load(['--teacher.path', 'mine'])).rejects.toThrow(/teacher\.path has no effect with kind: server/);
});

it('needs no temperature of 1 where nothing is compared', () => {
  const stages = (guidance: string) =>
    `stages:\n  - { name: a, rl: { temperature: 0.7, guidance: { ${guidance} } } }\n`;
  for (const guidance of ['gate: never', 'beta: 0']) parse(`${server}${stages(guidance)}`);
});

it('takes its most likely tokens, and everything of the student of the start', () => {
  const stage = (guidance: string) => `stages:\n  - { name: a, rl: { guidance: { form: loss, ${guidance} } } }\n`;
  parse(`${server}  topK: 4\n${stage('estimator: topK')}`);
  parse(`${server}${stage('estimator: full, reference: initial')}`);
});

it('counts no memory and no work for it here', () => {
  const remote = estimateRun({ recipe: parse(`${server}distill:\n  klWeight: 0\n`) });
  const scripted = estimateRun({ recipe: parse('distill:\n  klWeight: 0\n') });
  expect(remote.models.map(({ name }) => name)).toEqual(['student']);
  expect(remote.memory.worker.weights).toBeLessThan(scripted.memory.worker.weights);
  expect(remote.stages.find(({ name }) => name === 'kd')).toMatchObject({ scored: 0, sampled: 0 });
});
