import { ModelError } from '@dgpo/trajectory';
import { ggufTokenizerFiles } from '../../tokenizer/gguf-tokenizer-files.js';
import { tokenizerFromFiles } from '../../tokenizer/tokenizer-file.js';
import { type GgufFile, openGguf } from '../../weights/gguf/open-gguf.js';
import type { DecoderConfig } from '../decoder-config.js';
import type { ModelSource } from '../open-model.js';
import { createParameterCollector } from '../parameter-collector.js';
import { ggufConfig } from './gguf-config.js';
import { ggufLayout } from './gguf-layout.js';
import { scalingOfFactors } from './rope-factors.js';

/** A model in a GGUF file. */
export interface GgufModel extends ModelSource {
  metadata: GgufFile['metadata'];
}

const ropeFactors = 'rope_freqs.weight';

async function configOf(file: GgufFile, where: string): Promise<DecoderConfig> {
  const { metadata, tensors } = file;
  const parts = metadata.get('split.count') ?? 0;
  if (typeof parts === 'number' && parts > 1) {
    throw new ModelError(`is one of ${parts} parts; join them with "llama-gguf-split --merge" of llama.cpp`, { where });
  }
  const [vocabularySize] = tensors.get('token_embd.weight')?.shape ?? [];
  const config = ggufConfig({
    metadata,
    vocabularySize: vocabularySize ?? 1,
    tieWordEmbeddings: !tensors.has('output.weight'),
    where,
  });
  if (vocabularySize === undefined) throw new ModelError('the tensor "token_embd.weight" is missing', { where });
  if (!tensors.has(ropeFactors) || config.modelType === 'gpt2') return config;
  if (config.ropeScaling !== null) {
    throw new ModelError(`has both "${ropeFactors}" and rope.scaling; only one of them is supported`, { where });
  }
  const factors = await file.readTensor(ropeFactors);
  const { headDim, ropeTheta } = config;
  return { ...config, ropeScaling: scalingOfFactors({ factors, headDim, ropeTheta, where }) };
}

/**
 * The files of a tokenizer that Hugging Face would have.
 *
 * @throws ModelError naming the file and the key that is missing or not known
 */
export function tokenizerFilesOf(metadata: GgufFile['metadata'], where: string): Map<string, Uint8Array> {
  let files: ReturnType<typeof ggufTokenizerFiles>;
  try {
    files = ggufTokenizerFiles(metadata);
  } catch (cause) {
    throw new ModelError(cause instanceof Error ? cause.message : String(cause), { where, cause });
  }
  const { tokenizerJson, tokenizerConfig } = files;
  const bytes = (content: object) => new TextEncoder().encode(`${JSON.stringify(content, null, 2)}\n`);
  return new Map([
    ['tokenizer.json', bytes(tokenizerJson)],
    ['tokenizer_config.json', bytes(tokenizerConfig)],
  ]);
}

async function describe(file: GgufFile, path: string): Promise<GgufModel> {
  const config = await configOf(file, path);
  return {
    config,
    loadTokenizer: async () => tokenizerFromFiles(tokenizerFilesOf(file.metadata, path), path),
    metadata: file.metadata,
    read: async ({ parameter }) => {
      const collector = createParameterCollector({
        layout: ggufLayout(config),
        parameter,
        isSuperfluous: (name) => name === ropeFactors && config.modelType !== 'gpt2',
        authority: 'its metadata',
      });
      for (const [name, { shape }] of file.tensors) {
        const read = (onValues: Parameters<GgufFile['streamTensor']>[1]) => file.streamTensor(name, onValues);
        await collector.collect({ name, shape, where: path, read });
      }
      collector.finish(path);
    },
    close: file.close,
  };
}

/**
 * Opens a GGUF file of llama.cpp.
 *
 * @throws ModelError naming the file and the key or the tensor that is missing or not supported
 */
export async function openGgufModel(path: string): Promise<GgufModel> {
  const file = await openGguf(path);
  try {
    return await describe(file, path);
  } catch (error) {
    await file.close();
    throw error;
  }
}
