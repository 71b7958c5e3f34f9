import type { Recipe } from '../recipe/recipe-schema.js';
import { estimateMemory, heapSlack, type MemoryOptions, wasmHeapLimit } from './memory.js';

const gibibytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

const withMicroBatch = (recipe: Recipe, size: number): Recipe => ({
  ...recipe,
  coldStart: { ...recipe.coldStart, microBatchSize: Math.min(size, recipe.coldStart.microBatchSize) },
  rl: { ...recipe.rl, microBatchSize: Math.min(size, recipe.rl.microBatchSize) },
});

const withBatchSize = (recipe: Recipe, size: number): Recipe => ({
  ...recipe,
  evaluation: { ...recipe.evaluation, batchSize: Math.min(size, recipe.evaluation.batchSize) },
});

const withTotalTokens = (recipe: Recipe, tokens: number): Recipe => ({
  ...recipe,
  environment: { ...recipe.environment, maxTotalTokens: Math.min(tokens, recipe.environment.maxTotalTokens) },
});

/** The divisors of a number below it, largest first: micro-batches must divide their batch. */
const divisorsBelow = (value: number) =>
  Array.from({ length: Math.max(0, value - 1) }, (_, index) => value - 1 - index).filter((size) => value % size === 0);

const halves = (value: number, least: number) => {
  const sizes: number[] = [];
  for (let size = Math.floor(value / 2); size >= least; size = Math.floor(size / 2)) sizes.push(size);
  return sizes;
};

export interface HeapProblem {
  /** True when the tensors alone outgrow the heap; false when they fit only if it grows without holes. */
  certain: boolean;
  /** What is needed, and each single change that makes it fit, or else what to change together. */
  message: string;
}

/** Whether the workers of a run, with episodes of full length, may outgrow the WebAssembly heap; undefined when they will not. */
export function heapProblem(options: MemoryOptions): HeapProblem | undefined {
  if (options.engine !== 'wasm') return undefined;
  const heapOf = (recipe: Recipe) => estimateMemory({ ...options, recipe }).worker.heap;
  const { recipe } = options;
  const heap = heapOf(recipe);
  if (heap <= wasmHeapLimit) return undefined;
  const fits = (changed: Recipe) => heapOf(changed) <= wasmHeapLimit;

  const largestMicroBatch = Math.max(recipe.coldStart.microBatchSize, recipe.rl.microBatchSize);
  const microBatch = divisorsBelow(largestMicroBatch).find((size) => fits(withMicroBatch(recipe, size)));
  const batch = halves(recipe.evaluation.batchSize, 1).find((size) => fits(withBatchSize(recipe, size)));
  const tokens = halves(recipe.environment.maxTotalTokens, 128).find((size) => fits(withTotalTokens(recipe, size)));
  const single = [
    ...(microBatch === undefined ? [] : [`coldStart.microBatchSize and rl.microBatchSize of ${microBatch}`]),
    ...(batch === undefined ? [] : [`evaluation.batchSize of ${batch}`]),
    ...(tokens === undefined ? [] : [`environment.maxTotalTokens of ${tokens}`]),
  ];
  const smallest = withMicroBatch(withBatchSize(recipe, 1), 1);
  const together = halves(2 * recipe.environment.maxTotalTokens, 128).find((size) =>
    fits(withTotalTokens(smallest, size)),
  );
  const advice =
    single.length > 0
      ? `it fits with ${single.join(', or ')}`
      : together !== undefined
        ? `it fits with micro-batches and evaluation.batchSize of 1 and environment.maxTotalTokens of ${together}`
        : 'choose a smaller model';
  const { worker } = estimateMemory(options);
  const parts = [
    `weights and gradients ${gibibytes(worker.weights + worker.gradients)}`,
    `activations ${gibibytes(worker.activations)}`,
    `key-value cache ${gibibytes(worker.keyValueCache)}`,
  ].join(', ');
  return {
    certain: heap / heapSlack > wasmHeapLimit,
    message: `episodes of full length need about ${gibibytes(heap)} in each worker (${parts}), and a WebAssembly heap holds 4 GiB; ${advice}, or with engine tensorflow or webgpu`,
  };
}
