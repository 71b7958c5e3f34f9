import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { adapterBase, type DecoderConfig, decoderConfig, fromConfigJson, isAdapterFolder } from '@dgpo/lm';
import { ModelError } from '@dgpo/trajectory';
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

/**
 * Kind and sizes of a model folder, from its `config.json` alone: the weights are not read. For a folder of adapters, of
 * their base.
 *
 * @throws {ModelError} when there is no such file, a field is missing, or it asks for mathematics that `@dgpo/lm` does not have
 */
export async function readModelConfig(directory: string): Promise<DecoderConfig> {
  const folder = isAdapterFolder(directory) ? await adapterBase(directory) : directory;
  const where = join(folder, 'config.json');
  let json: unknown;
  try {
    json = JSON.parse(await readFile(where, 'utf8'));
  } catch (cause) {
    throw new ModelError('cannot be read; give the folder of a model in Hugging Face layout', { where, cause });
  }
  return fromConfigJson(json, where);
}
