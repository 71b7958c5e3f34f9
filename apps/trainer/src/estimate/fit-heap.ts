import { wasmHeapLimit } from '@dgpo/lm';
import type { Recipe } from '../recipe/recipe-schema.js';
import { typicalEpisode } from './episode-size.js';
import { estimateMemory, type MemoryOptions } from './memory.js';

const gibibytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

const withMicroBatch = (recipe: Recipe, size: number): Recipe => ({
  ...recipe,
  teacher: {
    ...recipe.teacher,
    training: {
      ...recipe.teacher.training,
      microBatchSize: Math.min(size, recipe.teacher.training.microBatchSize),
    },
  },
  stages: recipe.stages.map(({ name, distill, rl }) => ({
    name,
    ...(distill === undefined
      ? {}
      : { distill: { ...distill, microBatchSize: Math.min(size, distill.microBatchSize) } }),
    ...(rl === undefined ? {} : { rl: { ...rl, microBatchSize: Math.min(size, rl.microBatchSize) } }),
  })),
});

const withBatchSize = (recipe: Recipe, size: number): Recipe => ({
  ...recipe,
  evaluation: { ...recipe.evaluation, batchSize: Math.min(size, recipe.evaluation.batchSize) },
});

const withTotalTokens = (recipe: Recipe, tokens: number): Recipe => ({
  ...recipe,
  environment: { ...recipe.environment, maxTotalTokens: Math.min(tokens, recipe.environment.maxTotalTokens) },
});

/** Sizes below the largest one that divide the batches of all stages, largest first. */
function microBatchSizes({ stages }: Recipe): number[] {
  const settings = stages.map(({ distill, rl }) => ({ ...distill, ...rl }));
  const largest = Math.max(...settings.map(({ microBatchSize = 1 }) => microBatchSize));
  return Array.from({ length: largest - 1 }, (_, index) => largest - 1 - index).filter((size) =>
    settings.every(({ batchSize = 0, miniBatchSize = 0 }) => batchSize % size === 0 && miniBatchSize % size === 0),
  );
}

const halves = (value: number, least: number) => {
  const sizes: number[] = [];
  for (let size = Math.floor(value / 2); size >= least; size = Math.floor(size / 2)) sizes.push(size);
  return sizes;
};

export interface HeapProblem {
  /** True when the tensors alone outgrow the heap with episodes of typical length; false when only long ones or holes do. */
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

  const microBatch = microBatchSizes(recipe).find((size) => fits(withMicroBatch(recipe, size)));
  const batch = halves(recipe.evaluation.batchSize, 1).find((size) => fits(withBatchSize(recipe, size)));
  const tokens = halves(recipe.environment.maxTotalTokens, 128).find((size) => fits(withTotalTokens(recipe, size)));
  const single = [
    ...(microBatch === undefined ? [] : [`microBatchSize of ${microBatch} in every stage and in teacher.training`]),
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
  const typical = estimateMemory({ ...options, episodeTokens: typicalEpisode(recipe).total }).worker.tensors;
  const parts = [
    `weights ${gibibytes(worker.weights)}`,
    `gradients and activations ${gibibytes(worker.gradients + worker.activations)}`,
    `or key-value cache and a step of sampling ${gibibytes(worker.keyValueCache + worker.samplingActivations)}`,
  ].join(', ');
  return {
    certain: typical > wasmHeapLimit,
    message: `episodes of full length need about ${gibibytes(heap)} in each worker (${parts}), and a WebAssembly heap holds 4 GiB; ${advice}, or with engine tensorflow or webgpu`,
  };
}
