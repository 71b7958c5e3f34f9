import { ModelError } from '@dgpo/trajectory';
import { type CheckpointTensor, checkpointLayout } from './checkpoint-layout.js';
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

/** Tensors of GPT-2 by the names of `GPT2LMHeadModel`; the files of its authors hold those of `GPT2Model`, without a prefix. */
function withPrefix(tensors: ReadonlyMap<string, Source>): Map<string, Source> {
  const complete = (name: string) => /^(transformer|lm_head|score)\./.test(name);
  return new Map([...tensors].map(([name, tensor]) => [complete(name) ? name : `transformer.${name}`, tensor]));
}

/** Causal masks and rotary frequencies, which older files hold beside the weights. */
const isConstant = (name: string) => /\.attn\.(masked_)?bias$|\.rotary_emb\.inv_freq$/.test(name);

function copy(source: Source, target: CheckpointTensor, parameters: Float32Array): void {
  const values = parameters.subarray(target.offset, target.offset + source.data.length);
  if (target.transposed) transposeInto(values, source.data, target.shape[0] as number);
  else values.set(source.data);
}

/**
 * The tensors of a Hugging Face checkpoint as one flat vector.
 *
 * @throws ModelError for a missing tensor, a wrong shape, or a tensor that the model would leave out
 */
export function fromCheckpointTensors(options: {
  config: DecoderConfig;
  tensors: ReadonlyMap<string, Source>;
  valueHead?: boolean;
  where: string;
}): Float32Array {
  const { config, valueHead = false, where } = options;
  const tensors = config.modelType === 'gpt2' ? withPrefix(options.tensors) : options.tensors;
  const layout = checkpointLayout({ config, valueHead });
  const parameters = new Float32Array(layout.reduce((total, { shape }) => total + sizeOf(shape), 0));
  for (const target of layout) {
    const { name, shape } = target;
    const source = tensors.get(name);
    if (source === undefined) throw new ModelError(`the tensor "${name}" is missing`, { where });
    if (source.shape.join() !== shape.join()) {
      throw new ModelError(
        `"${name}" has shape [${source.shape.join(', ')}], config.json asks for [${shape.join(', ')}]`,
        { where },
      );
    }
    copy(source, target, parameters);
  }
  const expected = new Set(layout.map(({ name }) => name));
  // Tied embeddings are sometimes stored twice; everything else unknown would be silently lost.
  if (config.tieWordEmbeddings) expected.add('lm_head.weight');
  const unknown = [...tensors.keys()].find((name) => !expected.has(name) && !isConstant(name));
  if (unknown !== undefined) {
    throw new ModelError(`the tensor "${unknown}" does not belong to this architecture`, { where });
  }
  return parameters;
}
