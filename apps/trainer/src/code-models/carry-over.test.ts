import {
  createDecoder,
  decoderConfig,
  getParameters,
  loadModel,
  type ModelWeights,
  selectEngine,
  trainCompactTokenizer,
} from '@dgpo/lm';
import { createRandom } from '@dgpo/trajectory';
import { beforeAll, expect, test } from 'vitest';
import { shippedModel } from '../demo/assets.js';
import { carryOver } from './carry-over.js';

const hiddenSize = 8;
const sizes = { hiddenSize, numHiddenLayers: 1, numAttentionHeads: 2, maxPositionEmbeddings: 32 };
const tokenizer = trainCompactTokenizer({ texts: [' cat cat', ' car'], specialTokens: ['<a>'], minimumCount: 1 });
let model: ModelWeights;

beforeAll(async () => {
  await selectEngine({ engine: 'cpu' });
  const config = decoderConfig({ vocabularySize: tokenizer.vocabularySize, ...sizes });
  const decoder = createDecoder({ config, random: createRandom(1) });
  model = { config, tokenizer, parameters: await getParameters(decoder) };
  decoder.dispose();
});

const embedding = (parameters: Float32Array, id: number) => [
  ...parameters.subarray(id * hiddenSize, (id + 1) * hiddenSize),
];

test('with the same vocabulary nothing changes but the context', () => {
  const carried = carryOver({ model, tokenizer, maxPositionEmbeddings: 64 });
  expect(carried.config).toEqual({ ...model.config, maxPositionEmbeddings: 64 });
  expect(carried.parameters).toEqual(model.parameters);
});

test('tokens of both vocabularies keep their embedding, new ones get the mean of their spelling', () => {
  const texts = [' cat cat cat cats cats', ' é é'];
  const other = trainCompactTokenizer({ texts, specialTokens: ['<b>', '<a>'], minimumCount: 1 });
  const { config, parameters } = carryOver({ model, tokenizer: other, maxPositionEmbeddings: 32 });
  expect(config.vocabularySize).toBe(other.vocabularySize);
  const idOf = (name: string) =>
    [other, tokenizer].map(({ specialTokens }) => specialTokens[name] ?? -1) as [number, number];
  const [newA, oldA] = idOf('<a>');
  expect(embedding(parameters, newA)).toEqual(embedding(model.parameters, oldA));
  expect(embedding(parameters, idOf('<b>')[0])).toEqual(embedding(model.parameters, tokenizer.endOfTextId));
  const single = (text: string, from = other) => {
    const ids = from.encode(text);
    expect(ids).toHaveLength(1);
    return ids[0] ?? -1;
  };
  expect(embedding(parameters, single(' cat'))).toEqual(embedding(model.parameters, single(' cat', tokenizer)));
  for (const text of [' cats', ' é']) {
    const parts = tokenizer.encode(text).map((id) => embedding(model.parameters, id));
    expect(parts.length).toBeGreaterThan(1);
    const means = Array.from({ length: hiddenSize }, (_, column) =>
      parts.reduce((sum, part) => sum + (part[column] ?? 0) / parts.length, 0),
    );
    embedding(parameters, single(text)).forEach((value, column) => {
      expect(value).toBeCloseTo(means[column] ?? 0, 6);
    });
  }
  const rest = (vector: Float32Array, vocabularySize: number) => vector.subarray(vocabularySize * hiddenSize);
  expect(rest(parameters, other.vocabularySize)).toEqual(rest(model.parameters, tokenizer.vocabularySize));
});

test('models of other shapes are refused', async () => {
  const untied = { ...model, config: { ...model.config, tieWordEmbeddings: false } };
  expect(() => carryOver({ model: untied, tokenizer, maxPositionEmbeddings: 32 })).toThrow('tied');
  const shipped = await loadModel({ directory: shippedModel('demo/student') ?? '' });
  expect(carryOver({ model: shipped, tokenizer, maxPositionEmbeddings: 32 }).config.numHiddenLayers).toBe(3);
});
