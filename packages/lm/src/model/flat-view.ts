import { shapesWithHead } from './checkpoint-layout.js';
import type { DecoderConfig } from './decoder-config.js';

/** A vector for all parameters and the part of each in it. */
export function flatView(options: { config: DecoderConfig; valueHead?: boolean }): {
  parameters: Float32Array;
  parameter: (name: string) => Float32Array;
} {
  const { config, valueHead = false } = options;
  const ranges = new Map<string, [number, number]>();
  let count = 0;
  for (const [name, shape] of shapesWithHead({ config, valueHead })) {
    const start = count;
    count += shape.reduce((product, size) => product * size, 1);
    ranges.set(name, [start, count]);
  }
  const parameters = new Float32Array(count);
  return { parameters, parameter: (name) => parameters.subarray(...(ranges.get(name) ?? [0, 0])) };
}
