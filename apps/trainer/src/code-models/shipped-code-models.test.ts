import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterpreterPool, createPythonInterpreter } from '@dgpo/envs/code';
import { loadModel, parameterCount, selectEngine } from '@dgpo/lm';
import { createBm25Retriever } from '@dgpo/retriever';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  arithmeticEnvironment,
  arithmeticTasks,
  createArithmeticEnvironment,
  createArithmeticWorld,
} from '../arithmetic/index.js';
import { createAtlas } from '../atlas/index.js';
import { shippedModel } from '../demo/assets.js';
import { hashFile } from '../run/stable-hash.js';
import { codeWorld } from './code-world.js';
import { openCodePlayer } from './measure-code-model.js';

const names = ['code-student', 'code-teacher'] as const;
const folderOf = (name: (typeof names)[number]) => shippedModel(`demo/${name}`) ?? '';
const interpreters = createInterpreterPool({ start: () => createPythonInterpreter({ imports: [] }), size: 1 });

beforeAll(() => selectEngine({ engine: 'wasm' }));
afterAll(() => interpreters.close());

test.each(names)('%s is what its manifest says', async (name) => {
  const manifest = JSON.parse(readFileSync(join(folderOf(name), 'manifest.json'), 'utf8'));
  expect(manifest.sha256).toBe(await hashFile(join(folderOf(name), 'model.safetensors')));
  expect({ seed: manifest.seed, inventedCountries: manifest.inventedCountries }).toEqual(codeWorld);
  const { config, parameters } = await loadModel({ directory: folderOf(name) });
  expect(manifest.parameters).toBe(parameterCount(config));
  expect(parameters.every(Number.isFinite)).toBe(true);
  expect(config.maxPositionEmbeddings).toBe(arithmeticEnvironment.maxContextTokens);
});

test('they share a vocabulary, in which numbers are spelled digit by digit', async () => {
  const [student, teacher] = await Promise.all(names.map((name) => loadModel({ directory: folderOf(name) })));
  const files = names.map((name) => readFileSync(join(folderOf(name), 'tokenizer.json'), 'utf8'));
  expect(files[0]).toBe(files[1]);
  const tokenizer = teacher?.tokenizer;
  expect(tokenizer?.encode(' 1285')).toHaveLength(5);
  for (const text of [
    'Peru has 1285.\n\n<answer>529</answer>',
    'print(search("área of São Tomé"))\n```<end_code>',
    '🙂 1e5',
  ]) {
    expect(tokenizer?.decode(tokenizer.encode(text, { allowSpecial: true }))).toBe(text);
    expect(student?.tokenizer.encode(text)).toEqual(tokenizer?.encode(text));
  }
});

test('the teacher answers in Python that runs; the student does not', async () => {
  const world = createArithmeticWorld(createAtlas(codeWorld));
  const retriever = createBm25Retriever({ documents: [...world.corpus] });
  const environment = createArithmeticEnvironment({ interpreters, retriever });
  const tasks = arithmeticTasks({ world, split: 'fiction', count: 2 });
  for (const name of names) {
    const player = await openCodePlayer({ directory: folderOf(name), environment, batchSize: 2 });
    const episodes = await player.play(tasks).finally(player.close);
    if (name === 'code-student') {
      expect(episodes.map(({ outcome }) => outcome.correct)).toEqual([false, false]);
      continue;
    }
    for (const { actions, outcome } of episodes) {
      expect(actions.filter(({ kind, error }) => kind !== 'code' || error !== undefined)).toEqual([]);
      expect(outcome.endedBy).toBe('answer');
    }
  }
}, 240_000);
