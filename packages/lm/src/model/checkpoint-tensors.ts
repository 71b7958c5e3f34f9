import { ModelError } from '@dgpo/trajectory';
import { checkpointLayout } from './checkpoint-layout.js';
import type { DecoderConfig } from './decoder-config.js';
import { createParameterCollector, type ParameterCollector } from './parameter-collector.js';

export interface NamedTensor {
  shape: number[];
  readonly data: Float32Array;
}

const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

/** The transpose of a row-major matrix of `rows` rows. */
function transpose(source: Float32Array, rows: number): Float32Array {
  const target = new Float32Array(source.length);
  const columns = source.length / rows;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      target[column * rows + row] = source[row * columns + column] as number;
    }
  }
  return target;
}

/**
 * One flat vector of parameters as the tensors of a Hugging Face checkpoint. They share the memory of the vector; what is transposed
 * there is made each time that it is asked for.
 *
 * @throws ModelError for a vector of another size
 */
export function toCheckpointTensors(options: {
  config: DecoderConfig;
  parameters: Float32Array;
  valueHead?: boolean;
}): Map<string, NamedTensor> {
  const { config, parameters, valueHead = false } = options;
  const tensors = new Map<string, NamedTensor>();
  let count = 0;
  for (const { name, shape, transposed } of checkpointLayout({ config, valueHead })) {
    const size = sizeOf(shape);
    const values = parameters.subarray(count, count + size);
    count += size;
    if (!transposed) tensors.set(name, { shape, data: values });
    else {
      tensors.set(name, {
        shape,
        get data() {
          return transpose(values, shape[1] as number);
        },
      });
    }
  }
  if (count !== parameters.length) {
    throw new ModelError(`the model has ${count} parameters, the vector ${parameters.length}`);
  }
  return tensors;
}

/** Causal masks and rotary frequencies, which older files hold beside the weights. */
const isConstant = (name: string) => /\.attn\.(masked_)?bias$|\.rotary_emb\.inv_freq$/.test(name);

/** Gathers the tensors of a Hugging Face checkpoint. */
export function createCheckpointCollector(options: {
  config: DecoderConfig;
  valueHead?: boolean;
  /** All values of a parameter; asked for anew for each piece, since engines may move their memory. */
  parameter: (name: string) => Float32Array;
}): ParameterCollector {
  const { config, valueHead = false, parameter } = options;
  return createParameterCollector({
    layout: checkpointLayout({ config, valueHead }),
    parameter,
    // The files of GPT-2's authors hold the names of `GPT2Model`, which lack the prefix of `GPT2LMHeadModel`.
    fullName: (name) =>
      config.modelType === 'gpt2' && !/^(transformer|lm_head|score)\./.test(name) ? `transformer.${name}` : name,
    // Tied embeddings are sometimes stored twice.
    isSuperfluous: (name) => isConstant(name) || (config.tieWordEmbeddings && name === 'lm_head.weight'),
    authority: 'config.json',
  });
}
