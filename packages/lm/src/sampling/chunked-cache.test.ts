import { createRandom } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { selectEngine } from '../engine/select-engine.js';
import { createDecoder } from '../model/decoder.js';
import { decoderConfig } from '../model/decoder-config.js';
import { chunkTokens } from './chunk-attention.js';
import { createChunkedCache } from './chunked-cache.js';

const slots = 4;
const config = decoderConfig({
  vocabularySize: 20,
  hiddenSize: 64,
  numHiddenLayers: 1,
  numAttentionHeads: 1,
  maxPositionEmbeddings: 4 * chunkTokens,
});

test('a step of single tokens rewrites only the chunk that they are in, however much is cached', async () => {
  await selectEngine({ engine: 'cpu' });
  const decoder = createDecoder({ config, random: createRandom(0) });
  const cache = createChunkedCache({ decoder, slots, reclaim: () => false });
  const rows = (position: number, count: number) =>
    Array.from({ length: slots }, (_, slot) => ({
      slot,
      position,
      tokenIds: Array.from({ length: count }, (_, index) => (index + slot) % 20),
      logits: false,
    }));
  /** Values that a step at a position writes, all kernels together. */
  const written = async (position: number) => {
    const { kernels } = await tf.profile(async () => {
      await cache.extend(rows(position, 1), () => {});
      return [] as tf.Tensor[];
    });
    return kernels.reduce(
      (sum, { outputShapes }) => sum + outputShapes.reduce((all, shape) => all + tf.util.sizeFromShape(shape), 0),
      0,
    );
  };
  await cache.extend(rows(0, chunkTokens), () => {});
  const few = await written(chunkTokens);
  await cache.extend(rows(chunkTokens + 1, 2 * chunkTokens - 1), () => {});
  const many = await written(3 * chunkTokens);
  // Two more chunks are cached, of 2 * 4 * 64 * 64 values each; only scores and partial sums of theirs are written.
  expect(many - few).toBeLessThan(2 * slots * chunkTokens * 12);
  cache.clear();
  decoder.dispose();
});
