import { ModelError } from '@dgpo/trajectory';
import type { RopeScaling } from '../../ops/rotary-table.js';
import type { GgufValue } from '../../weights/gguf/metadata-value.js';
import { architectures, type ModelType } from '../architecture.js';
import { type DecoderConfig, decoderConfig } from '../decoder-config.js';

/** Keys below the name of the architecture that are read here. */
const readKeys = new Set([
  'attention.head_count',
  'attention.head_count_kv',
  'attention.key_length',
  'attention.layer_norm_epsilon',
  'attention.layer_norm_rms_epsilon',
  'attention.value_length',
  'block_count',
  'context_length',
  'embedding_length',
  'feed_forward_length',
  'rope.dimension_count',
  'rope.freq_base',
  'rope.scale_linear',
  'rope.scaling.factor',
  'rope.scaling.type',
  'vocab_size',
]);

/** Keys that do not matter, or only with other values than these. */
const harmless: Record<string, readonly GgufValue[] | 'any'> = {
  'attention.causal': [true],
  expert_count: [0],
  expert_used_count: [0],
  'rope.scaling.finetuned': 'any',
  // Of linear scaling, whose factor says all.
  'rope.scaling.original_context_length': 'any',
  tensor_data_layout: 'any',
  use_parallel_residual: [false],
};

interface Reader {
  text(key: string): string | undefined;
  /** Arrays of one number per layer count where all are equal. */
  number(key: string): number | undefined;
  needed(key: string): number;
}

function readerOf(metadata: ReadonlyMap<string, GgufValue>, architecture: string, where: string): Reader {
  const get = (key: string) => metadata.get(`${architecture}.${key}`);
  const refuse = (key: string, wanted: string): never => {
    const found = JSON.stringify(get(key), (_, value) => (typeof value === 'bigint' ? String(value) : value));
    throw new ModelError(`${architecture}.${key} is ${found ?? 'missing'}; ${wanted}`, { where });
  };
  const number = (key: string): number | undefined => {
    const value = get(key);
    if (value === undefined) return undefined;
    const [first, ...others] = Array.isArray(value) ? value : [value];
    if (typeof first !== 'number') return refuse(key, 'it has to be a number');
    if (others.some((other) => other !== first)) return refuse(key, 'layers that differ are not supported');
    return first;
  };
  return {
    number,
    needed: (key) => number(key) ?? refuse(key, 'it is needed; convert the model again'),
    text: (key) => {
      const value = get(key);
      return value === undefined || typeof value === 'string' ? value : refuse(key, 'it has to be a text');
    },
  };
}

function checkKeys(metadata: ReadonlyMap<string, GgufValue>, architecture: string, where: string): void {
  const prefix = `${architecture}.`;
  for (const [key, value] of metadata) {
    if (!key.startsWith(prefix)) continue;
    const name = key.slice(prefix.length);
    const allowed = readKeys.has(name) ? 'any' : harmless[name];
    if (allowed === 'any' || allowed?.includes(value)) continue;
    const shown = typeof value === 'object' ? 'a list' : String(value);
    throw new ModelError(
      `${key} is ${shown}, which may change the mathematics and is not supported; use a model without it`,
      { where },
    );
  }
}

function scalingOf(reader: Reader, architecture: string, where: string): RopeScaling | null {
  const type = reader.text('rope.scaling.type') ?? 'none';
  // The key of files from 2023.
  const older = reader.number('rope.scale_linear') ?? 1;
  if (type === 'none') return older === 1 ? null : { type: 'linear', factor: older };
  if (type === 'linear') return { type: 'linear', factor: reader.needed('rope.scaling.factor') };
  throw new ModelError(`${architecture}.rope.scaling.type is "${type}"; only none and linear are supported`, { where });
}

/**
 * The decoder that the metadata of a GGUF file of llama.cpp describes.
 *
 * Source: docs/gguf.md of ggml-org/ggml and convert_hf_to_gguf.py of ggml-org/llama.cpp.
 *
 * @throws ModelError naming the key: another architecture, a size that is missing, mathematics that this decoder does not have
 */
export function ggufConfig(options: {
  metadata: ReadonlyMap<string, GgufValue>;
  /** Rows of the token embeddings. */
  vocabularySize: number;
  /** Whether there is no matrix `output.weight` of its own. */
  tieWordEmbeddings: boolean;
  where: string;
}): DecoderConfig {
  const { metadata, vocabularySize, tieWordEmbeddings, where } = options;
  const architecture = metadata.get('general.architecture');
  if (typeof architecture !== 'string' || !Object.hasOwn(architectures, architecture)) {
    const found = typeof architecture === 'string' ? `"${architecture}"` : 'missing';
    throw new ModelError(`general.architecture is ${found}; supported are ${Object.keys(architectures).join(', ')}`, {
      where,
    });
  }
  const modelType = architecture as ModelType;
  checkKeys(metadata, architecture, where);
  const reader = readerOf(metadata, architecture, where);
  const equal = (key: string, expected: number, what: string) => {
    const found = reader.number(key) ?? expected;
    if (found === expected) return;
    throw new ModelError(`${architecture}.${key} is ${found}; only ${expected}, ${what}, is supported`, { where });
  };
  const numAttentionHeads = reader.needed('attention.head_count');
  const hiddenSize = reader.needed('embedding_length');
  const headDim = reader.number('attention.key_length') ?? hiddenSize / numAttentionHeads;
  equal('attention.value_length', headDim, 'the length of keys');
  equal('vocab_size', vocabularySize, 'the number of token embeddings');
  const { norm, positions } = architectures[modelType];
  if (positions === 'rotary') equal('rope.dimension_count', headDim, 'all dimensions of a head');
  return decoderConfig({
    modelType,
    vocabularySize,
    hiddenSize,
    intermediateSize: reader.needed('feed_forward_length'),
    numHiddenLayers: reader.needed('block_count'),
    numAttentionHeads,
    numKeyValueHeads: reader.number('attention.head_count_kv') ?? numAttentionHeads,
    headDim,
    maxPositionEmbeddings: reader.needed('context_length'),
    ropeTheta: reader.number('rope.freq_base') ?? 10_000,
    ropeScaling: positions === 'rotary' ? scalingOf(reader, architecture, where) : null,
    normEps: shortest(
      reader.needed(norm === 'rms' ? 'attention.layer_norm_rms_epsilon' : 'attention.layer_norm_epsilon'),
    ),
    tieWordEmbeddings,
  });
}

/** The shortest decimal that is this float32: 1e-5 instead of 0.000009999999747378752. */
function shortest(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.fround(candidate) === value) return candidate;
  }
  return value;
}
