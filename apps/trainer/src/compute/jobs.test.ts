import { createDecoder, decoderConfig, getParameters, parameterShapes, selectEngine } from '@dgpo/lm';
import { createRandom } from '@dgpo/trajectory';
import { beforeAll, describe, expect, it } from 'vitest';
import { createJobContext, runJob } from './jobs.js';

const config = decoderConfig({
  modelType: 'qwen3',
  vocabularySize: 12,
  hiddenSize: 8,
  numHiddenLayers: 1,
  numAttentionHeads: 2,
  maxPositionEmbeddings: 16,
  tieWordEmbeddings: false,
});
const rows = [{ tokenIds: Int32Array.of(1, 2, 3, 4), mask: Uint8Array.of(0, 0, 1, 1) }];

/** Gradients by the name of their parameter; a value head's is left out. */
function byName(gradients: Float32Array): Map<string, Float32Array> {
  let offset = 0;
  return new Map(
    [...parameterShapes(config)].map(([name, shape]) => {
      const start = offset;
      offset += shape.reduce((product: number, size: number) => product * size, 1);
      return [name, gradients.subarray(start, offset)];
    }),
  );
}

describe('jobs on a model whose output embeddings are not tied', () => {
  beforeAll(async () => {
    await selectEngine({ engine: 'cpu' });
  });

  async function contextWith(valueHead: boolean) {
    const decoder = createDecoder({ config, valueHead, random: createRandom(1) });
    const weights = (await getParameters(decoder)).map((value) => (value === 0 ? 0.1 : value));
    decoder.dispose();
    const context = createJobContext();
    await runJob(context, { kind: 'model', name: 'model', config, valueHead, weights });
    return context;
  }

  it('train the output embeddings, and every token embedding that was not read stays', async () => {
    const { gradients } = await runJob(await contextWith(false), {
      kind: 'language-model',
      model: 'model',
      rows,
      weights: Float32Array.of(1, 1),
    });
    const named = byName(gradients);
    expect(named.get('lm_head.weight')?.every((value) => value !== 0)).toBe(true);
    const embeddings = named.get('model.embed_tokens.weight') as Float32Array;
    expect(embeddings.subarray(8, 16).some((value) => value !== 0)).toBe(true);
    expect(embeddings.subarray(5 * 8).every((value) => value === 0)).toBe(true);
  });

  it('a critic, which does not read them, has no gradient there', async () => {
    const { gradients } = await runJob(await contextWith(true), {
      kind: 'value',
      critic: 'model',
      rows,
      oldValues: Float32Array.of(0, 0),
      returns: Float32Array.of(1, 1),
      weights: Float32Array.of(1, 1),
      clipRange: 10,
    });
    const named = byName(gradients);
    expect(named.get('lm_head.weight')?.every((value) => value === 0)).toBe(true);
    expect(named.get('model.norm.weight')?.every((value) => value !== 0)).toBe(true);
    expect(gradients.length).toBe([...named.values()].reduce((sum, { length }) => sum + length, 0) + 8);
  });
});
