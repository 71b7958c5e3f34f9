import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DecoderConfig, decoderConfig } from '@dgpo/lm';
import { ModelError } from '@dgpo/trajectory';
import { z } from 'zod';
import type { Recipe } from '../recipe/recipe-schema.js';

type FreshModel = Recipe['teacher']['fresh'];

/** Sizes of a model that a recipe describes under `fresh`; the vocabulary may come out smaller when the text has fewer pieces. */
export function freshModelConfig(fresh: FreshModel): DecoderConfig {
  const { vocabSize, hiddenSize, numHiddenLayers, numAttentionHeads, maxPositionEmbeddings, ropeTheta } = fresh;
  return decoderConfig({
    vocabularySize: vocabSize,
    hiddenSize,
    numHiddenLayers,
    numAttentionHeads,
    maxPositionEmbeddings,
    ropeTheta,
    ...(fresh.intermediateSize === undefined ? {} : { intermediateSize: fresh.intermediateSize }),
    ...(fresh.numKeyValueHeads === undefined ? {} : { numKeyValueHeads: fresh.numKeyValueHeads }),
  });
}

const size = z.int().positive();

const configSchema = z.object({
  model_type: z.string(),
  vocab_size: size,
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  num_key_value_heads: size.optional(),
  head_dim: size.nullish(),
  max_position_embeddings: size,
});

/**
 * Sizes of a model folder, from its `config.json` alone: the weights are not read.
 *
 * @throws {ModelError} when there is no such file, a field is missing, or it is no Llama model
 */
export async function readModelConfig(directory: string): Promise<DecoderConfig> {
  const where = join(directory, 'config.json');
  let json: unknown;
  try {
    json = JSON.parse(await readFile(where, 'utf8'));
  } catch (cause) {
    throw new ModelError('cannot be read; give the folder of a model in Hugging Face layout', { where, cause });
  }
  const parsed = configSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ModelError(`${issue?.path.join('.')}: ${issue?.message}`, { where, cause: parsed.error });
  }
  const config = parsed.data;
  if (config.model_type !== 'llama') {
    throw new ModelError(`model_type is "${config.model_type}"; only "llama" is supported`, { where });
  }
  return decoderConfig({
    vocabularySize: config.vocab_size,
    hiddenSize: config.hidden_size,
    intermediateSize: config.intermediate_size,
    numHiddenLayers: config.num_hidden_layers,
    numAttentionHeads: config.num_attention_heads,
    maxPositionEmbeddings: config.max_position_embeddings,
    ...(config.num_key_value_heads === undefined ? {} : { numKeyValueHeads: config.num_key_value_heads }),
    ...(config.head_dim == null ? {} : { headDim: config.head_dim }),
  });
}
