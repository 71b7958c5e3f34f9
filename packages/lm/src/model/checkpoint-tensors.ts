import { ModelError } from '@dgpo/trajectory';
import { checkpointLayout } from './checkpoint-layout.js';
import type { DecoderConfig } from './decoder-config.js';

export interface NamedTensor {
  shape: number[];
  data: Float32Array;
}

const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

/** Copies a row-major matrix of `rows` rows into `target` as its transpose. */
function transposeInto(target: Float32Array, source: ArrayLike<number>, rows: number): void {
  const columns = source.length / rows;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      target[column * rows + row] = source[row * columns + column] as number;
    }
  }
}

/**
 * One flat vector of parameters as the tensors of a Hugging Face checkpoint. What is not transposed there shares the memory of the
 * vector.
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
  for (const { name, shape, offset, transposed } of checkpointLayout({ config, valueHead })) {
    const size = sizeOf(shape);
    const values = parameters.subarray(offset, offset + size);
    count += size;
    if (transposed && values.length === size) {
      const data = new Float32Array(size);
      transposeInto(data, values, shape[1] as number);
      tensors.set(name, { shape, data });
    } else tensors.set(name, { shape, data: values });
  }
  if (count !== parameters.length) {
    throw new ModelError(`the model has ${count} parameters, the vector ${parameters.length}`);
  }
  return tensors;
}

type Source = { shape: readonly number[]; data: ArrayLike<number> };

/** Causal masks and rotary frequencies, which older files hold beside the weights. */
const isConstant = (name: string) => /\.attn\.(masked_)?bias$|\.rotary_emb\.inv_freq$/.test(name);

/** Gathers the tensors of a Hugging Face checkpoint, in any order, into one flat vector of parameters. */
export interface ParameterCollector {
  /**
   * @param where the file that holds it, for errors
   * @throws ModelError for a wrong shape, a tensor that came before, or one that the model would leave out
   */
  add(name: string, tensor: Source, where: string): void;
  /** @throws ModelError when a tensor is missing */
  finish(where: string): Float32Array;
}

export function createParameterCollector(options: { config: DecoderConfig; valueHead?: boolean }): ParameterCollector {
  const { config, valueHead = false } = options;
  const layout = checkpointLayout({ config, valueHead });
  const awaited = new Map(layout.map((target) => [target.name, target]));
  const known = new Set(awaited.keys());
  const parameters = new Float32Array(layout.reduce((total, { shape }) => total + sizeOf(shape), 0));
  // The files of GPT-2's authors hold the names of `GPT2Model`, which lack the prefix of `GPT2LMHeadModel`.
  const fullName = (name: string) =>
    config.modelType === 'gpt2' && !/^(transformer|lm_head|score)\./.test(name) ? `transformer.${name}` : name;
  return {
    add: (storedName, { shape, data }, where) => {
      const name = fullName(storedName);
      const target = awaited.get(name);
      if (target === undefined) {
        if (known.has(name)) throw new ModelError(`the tensor "${name}" is there twice`, { where });
        // Tied embeddings are sometimes stored twice; everything else unknown would be silently lost.
        if (isConstant(name) || (config.tieWordEmbeddings && name === 'lm_head.weight')) return;
        throw new ModelError(`the tensor "${name}" does not belong to this architecture`, { where });
      }
      if (shape.join() !== target.shape.join()) {
        throw new ModelError(
          `"${name}" has shape [${shape.join(', ')}], config.json asks for [${target.shape.join(', ')}]`,
          { where },
        );
      }
      awaited.delete(name);
      const values = parameters.subarray(target.offset, target.offset + data.length);
      if (target.transposed) transposeInto(values, data, target.shape[0] as number);
      else values.set(data);
    },
    finish: (where) => {
      const [missing] = awaited.keys();
      if (missing !== undefined) throw new ModelError(`the tensor "${missing}" is missing`, { where });
      return parameters;
    },
  };
}
