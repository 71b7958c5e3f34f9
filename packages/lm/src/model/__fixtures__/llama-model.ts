import { createRandom } from '@dgpo/trajectory';
import { trainCompactTokenizer } from '../../tokenizer/compact-tokenizer.js';
import { decoderConfig } from '../decoder-config.js';
import type { ModelWeights } from '../model-folder.js';
import { parameterCount, parameterShapes } from '../parameter-shapes.js';

/** The model of the folder `llama` beside this file: weights large enough that every part of it shows in the logits. */
export function llamaModel(): ModelWeights {
  const tokenizer = trainCompactTokenizer({ texts: [], specialTokens: ['<search>'], maximumPieces: 0 });
  const config = decoderConfig({
    vocabularySize: tokenizer.vocabularySize,
    hiddenSize: 16,
    intermediateSize: 24,
    numHiddenLayers: 2,
    numAttentionHeads: 4,
    numKeyValueHeads: 2,
    maxPositionEmbeddings: 64,
    ropeTheta: 5000,
    normEps: 1e-5,
  });
  const random = createRandom(9);
  const parameters = new Float32Array(parameterCount(config));
  let offset = 0;
  for (const shape of parameterShapes(config).values()) {
    const end = offset + shape.reduce((product: number, size: number) => product * size, 1);
    for (; offset < end; offset++) parameters[offset] = (shape.length === 1 ? 1 : 0) + 0.3 * random.normal();
  }
  return { config, parameters, tokenizer };
}
