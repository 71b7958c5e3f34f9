import { createParameterCollector } from '../checkpoint-tensors.js';
import type { DecoderConfig } from '../decoder-config.js';

/** All tensors of a checkpoint at once. */
export function fromCheckpointTensors(options: {
  config: DecoderConfig;
  tensors: ReadonlyMap<string, { shape: readonly number[]; data: ArrayLike<number> }>;
  valueHead?: boolean;
  where: string;
}): Float32Array {
  const { tensors, where, ...rest } = options;
  const collector = createParameterCollector(rest);
  for (const [name, tensor] of tensors) collector.add(name, tensor, where);
  return collector.finish(where);
}
