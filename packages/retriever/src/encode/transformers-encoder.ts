import { ConfigError, RetrieverError } from '@dgpo/trajectory';
import { z } from 'zod';
import { requireInteger } from '../require-integer.js';
import type { Encoder } from '../vector/encoder.js';
import { batchByLength } from './batch-by-length.js';
import { type ModelFamily, recognizeFamily } from './model-families.js';
import { normalizeVector, poolTokens } from './pool-tokens.js';
import {
  loadModel,
  type ModelSource,
  type TransformersModel,
  type TransformersSeam,
  type TransformersTensor,
  type TransformersTokenizer,
} from './transformers-module.js';
import { fingerprintWeights } from './weights-fingerprint.js';

export interface TransformersEncoderOptions extends ModelSource, Partial<Omit<ModelFamily, 'name'>> {
  /**
   * Texts that go through the model at once.
   * @default 32
   */
  batchSize?: number;
  /** Test seam. */
  _internal?: TransformersSeam;
}

const settingsSchema = z.object({
  kind: z.literal('transformers'),
  model: z.string(),
  revision: z.string(),
  dtype: z.string(),
  family: z.string(),
  queryPrefix: z.string(),
  passagePrefix: z.string(),
  pooling: z.enum(['mean', 'cls']),
  normalize: z.boolean(),
  maxTokens: z.number(),
  dimension: z.number(),
  /** SHA-256 of the weights where the model is a folder. */
  weights: z.string().nullable(),
});

function tokenVectors(output: Record<string, TransformersTensor>, model: string): TransformersTensor {
  const hidden = output.last_hidden_state ?? output.token_embeddings;
  if (hidden === undefined || hidden.dims.length !== 3) {
    const names = Object.keys(output).join(', ');
    throw new ConfigError(`this model gives ${names || 'nothing'}, not the vectors of its tokens`, { where: model });
  }
  return hidden;
}

async function encodeBatch({
  texts,
  tokenizer,
  network,
  settings,
}: {
  texts: string[];
  tokenizer: TransformersTokenizer;
  network: TransformersModel;
  settings: Pick<ModelFamily, 'pooling' | 'normalize' | 'maxTokens'> & { model: string };
}): Promise<Float32Array[]> {
  const inputs = tokenizer(texts, { padding: true, truncation: true, max_length: settings.maxTokens });
  const hidden = tokenVectors(await network(inputs), settings.model);
  const [batch = 0, tokens = 0, dimension = 0] = hidden.dims;
  const { data } = hidden.data instanceof Float32Array ? hidden : hidden.to('float32');
  const vectors = poolTokens({
    hidden: data instanceof Float32Array ? data : Float32Array.from(data, Number),
    mask: inputs.attention_mask.data,
    shape: [batch, tokens, dimension],
    pooling: settings.pooling,
  });
  return settings.normalize ? vectors.map(normalizeVector) : vectors;
}

/**
 * An encoder that runs an embedding model in this process, on `@huggingface/transformers` (an optional peer) and ONNX weights.
 * Prefixes, pooling, scaling and the longest text come from the model's family ({@link recognizeFamily}); each can be given. The
 * settings hold what was resolved and, of a folder, the SHA-256 of the weights.
 * @throws ConfigError when the peer or the model is not there, or an option is out of range.
 */
export async function createTransformersEncoder({
  batchSize = 32,
  _internal,
  ...options
}: TransformersEncoderOptions): Promise<Encoder> {
  requireInteger('batchSize', batchSize, 1);
  if (options.maxTokens !== undefined) requireInteger('maxTokens', options.maxTokens, 1);
  const { tokenizer, network, folder } = await loadModel({ source: options, kind: 'AutoModel', seam: _internal });
  const family = recognizeFamily([options.model, network.config?._name_or_path]);
  const dtype = options.dtype ?? 'fp32';
  const resolved = {
    queryPrefix: options.queryPrefix ?? family.queryPrefix,
    passagePrefix: options.passagePrefix ?? family.passagePrefix,
    pooling: options.pooling ?? family.pooling,
    normalize: options.normalize ?? family.normalize,
    maxTokens: Math.min(options.maxTokens ?? family.maxTokens, tokenizer.model_max_length ?? Number.POSITIVE_INFINITY),
  };
  const model = folder ?? options.model;
  const encodeTexts = (texts: string[]) =>
    encodeBatch({ texts, tokenizer, network, settings: { ...resolved, model: options.model } });
  const [probe] = await encodeTexts(['a']);
  const dimension = probe?.length ?? 0;
  const settings: z.infer<typeof settingsSchema> = {
    ...{ kind: 'transformers', model, revision: options.revision ?? 'main', dtype, family: family.name },
    ...resolved,
    dimension,
    weights: folder === null ? null : await fingerprintWeights({ folder, dtype }),
  };
  return {
    dimension,
    settings,
    async encode(texts, role = 'passage', signal) {
      const prefix = role === 'query' ? resolved.queryPrefix : resolved.passagePrefix;
      const vectors = new Array<Float32Array>(texts.length);
      for (const positions of batchByLength(texts, batchSize)) {
        signal?.throwIfAborted();
        const batch = await encodeTexts(positions.map((position) => prefix + texts[position]));
        for (const [row, position] of positions.entries()) vectors[position] = batch[row] as Float32Array;
      }
      return vectors;
    },
    // The model stays where it is: an index names it.
    save: () => Promise.resolve(),
    async close() {
      await network.dispose();
    },
  };
}

/**
 * Restores an encoder from its settings. The environment variable `DGPO_ENCODER_MODEL` names the folder of the model where it
 * has moved.
 * @throws ConfigError when the model is not there; RetrieverError when it is another one than the index was made with.
 */
export async function openTransformersEncoder({
  settings,
  environment,
  _internal,
}: {
  settings: unknown;
  environment: Readonly<Record<string, string | undefined>>;
  _internal?: TransformersSeam | undefined;
}): Promise<Encoder> {
  const { kind: _, family: __, weights, dimension, ...stored } = settingsSchema.parse(settings);
  const model = environment.DGPO_ENCODER_MODEL || stored.model;
  const encoder = await createTransformersEncoder({ ...stored, model, ...(_internal && { _internal }) });
  if (encoder.dimension !== dimension || (weights !== null && encoder.settings.weights !== weights)) {
    await encoder.close?.();
    throw new RetrieverError(
      'this is another model than the index was made with (its weights differ); name the right folder in DGPO_ENCODER_MODEL or build the index anew',
      { where: model },
    );
  }
  return encoder;
}
