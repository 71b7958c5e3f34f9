import type { DecoderConfig } from '../model/decoder-config.js';
import type { AdapterWeights } from './adapter-folder.js';
import { loraLayout } from './lora-layout.js';

/** Adds `scale · up · down` to rows of a matrix; `up` is `[rows, rank]`, `down` `[rank, inputs]`. */
function addProduct(options: {
  matrix: Float32Array;
  down: Float32Array;
  up: Float32Array;
  rank: number;
  inputs: number;
  scale: number;
}): void {
  const { matrix, down, up, rank, inputs, scale } = options;
  const sum = new Float64Array(inputs);
  for (let row = 0; row * rank < up.length; row++) {
    sum.fill(0);
    for (let inner = 0; inner < rank; inner++) {
      const factor = scale * (up[row * rank + inner] as number);
      for (let column = 0; column < inputs; column++) {
        sum[column] = (sum[column] as number) + factor * (down[inner * inputs + column] as number);
      }
    }
    const start = row * inputs;
    for (let column = 0; column < inputs; column++) {
      matrix[start + column] = (matrix[start + column] as number) + (sum[column] as number);
    }
  }
}

/**
 * Adds adapters to the weights of their base, in place: `W + scale · B·A`, summed in float64.
 *
 * @param options.parameter all values of a parameter of the base, by its name
 * @throws ModelError as `loraShapes`
 */
export function mergeAdapter(options: {
  config: DecoderConfig;
  adapter: Pick<AdapterWeights, 'lora' | 'parameters'>;
  parameter: (name: string) => Float32Array;
}): void {
  const { config, adapter, parameter } = options;
  const { lora, parameters } = adapter;
  const { rank, alpha, useRslora = false } = lora;
  const scale = alpha / (useRslora ? Math.sqrt(rank) : rank);
  let offset = 0;
  const take = (count: number) => {
    offset += count;
    return parameters.subarray(offset - count, offset);
  };
  for (const { name, inputs, parts } of loraLayout(config, lora)) {
    const matrix = parameter(`${name}.weight`);
    let firstRow = 0;
    for (const { rows, adapted } of parts) {
      const rowsOfPart = matrix.subarray(firstRow * inputs, (firstRow + rows) * inputs);
      firstRow += rows;
      if (!adapted) continue;
      const down = take(rank * inputs);
      addProduct({ matrix: rowsOfPart, down, up: take(rows * rank), rank, inputs, scale });
    }
  }
}
