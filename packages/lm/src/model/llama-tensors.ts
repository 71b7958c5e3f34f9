import { ModelError } from '@dgpo/trajectory';
import { valueHeadName } from './decoder.js';
import type { DecoderConfig } from './decoder-config.js';
import { parameterShapes } from './decoder-config.js';

export interface NamedTensor {
  shape: number[];
  data: Float32Array;
}

/** How a fused matrix of ours is cut into the matrices of a Llama checkpoint: names and rows, in order. */
function parts(name: string, config: DecoderConfig): { name: string; rows: number }[] | undefined {
  const { headDim, numAttentionHeads, numKeyValueHeads, intermediateSize } = config;
  if (name.endsWith('self_attn.qkv_proj.weight')) {
    const rename = (projection: string) => name.replace('qkv_proj', projection);
    return [
      { name: rename('q_proj'), rows: numAttentionHeads * headDim },
      { name: rename('k_proj'), rows: numKeyValueHeads * headDim },
      { name: rename('v_proj'), rows: numKeyValueHeads * headDim },
    ];
  }
  if (name.endsWith('mlp.gate_up_proj.weight')) {
    return ['gate_proj', 'up_proj'].map((projection) => ({
      name: name.replace('gate_up_proj', projection),
      rows: intermediateSize,
    }));
  }
  return undefined;
}

function shapesOf(config: DecoderConfig, valueHead: boolean): Map<string, number[]> {
  const shapes = new Map<string, number[]>(parameterShapes(config));
  if (valueHead) shapes.set(valueHeadName, [1, config.hiddenSize]);
  return shapes;
}

/**
 * One flat vector of parameters as the tensors of a Llama checkpoint.
 *
 * @throws ModelError for a vector of another size
 */
export function toLlamaTensors(options: {
  config: DecoderConfig;
  parameters: Float32Array;
  valueHead?: boolean;
}): Map<string, NamedTensor> {
  const { config, parameters, valueHead = false } = options;
  const tensors = new Map<string, NamedTensor>();
  let offset = 0;
  for (const [name, shape] of shapesOf(config, valueHead)) {
    const width = shape.at(-1) ?? 1;
    const pieces = parts(name, config) ?? [{ name, rows: shape.length === 1 ? 1 : (shape[0] ?? 1) }];
    for (const piece of pieces) {
      const size = piece.rows * width;
      tensors.set(piece.name, {
        shape: shape.length === 1 ? [width] : [piece.rows, width],
        data: parameters.subarray(offset, offset + size),
      });
      offset += size;
    }
  }
  if (offset !== parameters.length) {
    throw new ModelError(`the model has ${offset} parameters, the vector ${parameters.length}`);
  }
  return tensors;
}

/**
 * The tensors of a Llama checkpoint as one flat vector.
 *
 * @throws ModelError for a missing tensor, a wrong shape, or a tensor that the model would leave out
 */
export function fromLlamaTensors(options: {
  config: DecoderConfig;
  tensors: ReadonlyMap<string, { shape: readonly number[]; data: ArrayLike<number> }>;
  valueHead?: boolean;
  where: string;
}): Float32Array {
  const { config, tensors, valueHead = false, where } = options;
  const shapes = shapesOf(config, valueHead);
  const total = [...shapes.values()].reduce(
    (sum, shape) => sum + shape.reduce((product, size) => product * size, 1),
    0,
  );
  const parameters = new Float32Array(total);
  const expected = toLlamaTensors({ config, parameters, valueHead });
  for (const [name, target] of expected) {
    const source = tensors.get(name);
    if (source === undefined) throw new ModelError(`the tensor "${name}" is missing`, { where });
    if (source.shape.join() !== target.shape.join()) {
      throw new ModelError(
        `"${name}" has shape [${source.shape.join(', ')}], config.json asks for [${target.shape.join(', ')}]`,
        {
          where,
        },
      );
    }
    target.data.set(source.data);
  }
  // Tied embeddings are sometimes stored twice; everything else unknown would be silently lost.
  const unknown = [...tensors.keys()].find((name) => !expected.has(name) && name !== 'lm_head.weight');
  if (unknown !== undefined)
    throw new ModelError(`the tensor "${unknown}" does not belong to this architecture`, { where });
  return parameters;
}
