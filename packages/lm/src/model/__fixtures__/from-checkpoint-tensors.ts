import { createCheckpointCollector } from '../checkpoint-tensors.js';
import type { DecoderConfig } from '../decoder-config.js';
import { flatView } from '../flat-view.js';

/** All tensors of a checkpoint at once, as one vector of parameters. */
export function fromCheckpointTensors(options: {
  config: DecoderConfig;
  tensors: ReadonlyMap<string, { shape: number[]; data: Float32Array }>;
  valueHead?: boolean;
  where: string;
}): Float32Array {
  const { config, tensors, valueHead = false, where } = options;
  const { parameters, parameter } = flatView({ config, valueHead });
  const collector = createCheckpointCollector({ config, valueHead, parameter });
  for (const [name, { shape, data }] of tensors) collector.begin({ name, shape, where })?.(data, 0);
  collector.finish(where);
  return parameters;
}
