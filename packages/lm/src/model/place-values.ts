import type { CheckpointTensor } from './checkpoint-layout.js';

/** Copies a piece of a stored tensor to where its values belong. */
export function placeValues(options: {
  /** All values of the parameter. */
  target: Float32Array;
  tensor: CheckpointTensor;
  /** Values of the tensor from `start` on. */
  values: ArrayLike<number>;
  start: number;
}): void {
  const { target, tensor, values, start } = options;
  const { shape, offset, transposed, row } = tensor;
  if (!transposed && row === undefined) {
    target.set(values, offset + start);
    return;
  }
  const [rows = 1, columns = 1] = shape;
  for (let index = 0; index < values.length; index++) {
    const storedRow = Math.floor((start + index) / columns);
    const column = (start + index) % columns;
    const place = transposed ? column * rows + storedRow : (row?.(storedRow) ?? storedRow) * columns + column;
    target[offset + place] = values[index] as number;
  }
}
