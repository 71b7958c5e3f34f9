import { copyFile, mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createCrossEncoder } from '@dgpo/retriever';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bertOnnx } from '../../models-minilm/bert-onnx.mjs';

// Scores of the Python library, see tools/parity/minilm.py: a small model whose weights are a formula, with MiniLM's tokenizer.
const { crossEncoder: golden } = JSON.parse(
  await readFile(new URL('__fixtures__/minilm.json', import.meta.url), 'utf8'),
);
const tokenizer = fileURLToPath(new URL('../../../.models/all-minilm-l6-v2', import.meta.url));

const { hidden_size: hidden, intermediate_size: inner, vocab_size: vocabulary } = golden.config;
const shapes = [
  [/word_embeddings\.weight$/, [vocabulary, hidden]],
  [/position_embeddings\.weight$/, [golden.config.max_position_embeddings, hidden]],
  [/token_type_embeddings\.weight$/, [golden.config.type_vocab_size, hidden]],
  [/LayerNorm\.(weight|bias)$/, [hidden]],
  [/intermediate\.dense\.weight$/, [inner, hidden]],
  [/intermediate\.dense\.bias$/, [inner]],
  [/layer\.\d+\.output\.dense\.weight$/, [hidden, inner]],
  [/^classifier\.weight$/, [1, hidden]],
  [/^classifier\.bias$/, [1]],
  [/\.weight$/, [hidden, hidden]],
  [/\.bias$/, [hidden]],
];

function weight(name) {
  if (!/^(bert\.|classifier\.)/.test(name)) return undefined;
  const [, shape] = shapes.find(([pattern]) => pattern.test(name));
  const phase = [...name].reduce((sum, letter) => sum + letter.codePointAt(0), 0);
  const base = name.endsWith('LayerNorm.weight') ? 1 : 0;
  const size = shape.reduce((product, axis) => product * axis, 1);
  return { shape, data: Float32Array.from({ length: size }, (_, index) => base + 0.2 * Math.sin(0.7 * index + phase)) };
}

let directory;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dgpo-cross-encoder-'));
  await mkdir(join(directory, 'onnx'));
  await writeFile(join(directory, 'config.json'), JSON.stringify(golden.config));
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) {
    await copyFile(join(tokenizer, name), join(directory, name));
  }
  const file = await open(join(directory, 'onnx', 'model.onnx'), 'w');
  await file.writeFile(bertOnnx({ config: golden.config, weight }));
  await file.close();
});
afterAll(() => rm(directory, { recursive: true }));

it('gives the scores of the Python library', async () => {
  const reranker = await createCrossEncoder({ model: directory, maxTokens: golden.maxTokens });
  const scores = await reranker.scores({ query: golden.query, texts: golden.passages });
  for (const [index, expected] of golden.scores.entries()) expect(scores[index]).toBeCloseTo(expected, 5);
  expect(new Set(golden.scores).size).toBe(golden.scores.length);
  await reranker.close();
});
