import { type Grid, requireSameShape } from './grid.js';

/**
 * `(x − mean) / √(variance + 1e-8)` with mean and unbiased variance over the mask (verl, `masked_whiten`). A single value becomes 0.
 * Whiten over the whole batch before it is cut into mini-batches, or the result depends on the cut.
 *
 * @param options.mask 1 on what counts; the released DGPO code takes every token after the prompt, this project the policy's
 * @param options.shiftMean false adds the mean again and so only scales (TRL whitens rewards so). Defaults to true.
 * @returns a grid `[batch, time]`, 0 outside the mask; what lies there in `values` may be NaN
 * @throws RangeError when the grids differ in shape.
 */
export function whiten(options: { values: Grid; mask: Grid; shiftMean?: boolean }): Grid {
  const { values, mask, shiftMean = true } = options;
  requireSameShape({ values, mask });
  let count = 0;
  let sum = 0;
  values.data.forEach((value, index) => {
    if (mask.data[index] !== 1) return;
    count += 1;
    sum += value;
  });
  const mean = count === 0 ? 0 : sum / count;
  let squares = 0;
  values.data.forEach((value, index) => {
    if (mask.data[index] === 1) squares += (value - mean) ** 2;
  });
  const scale = 1 / Math.sqrt((count > 1 ? squares / (count - 1) : 0) + 1e-8);
  const offset = shiftMean ? 0 : mean;
  const data = values.data.map((value, index) => (mask.data[index] === 1 ? (value - mean) * scale + offset : 0));
  return { data, shape: values.shape };
}
