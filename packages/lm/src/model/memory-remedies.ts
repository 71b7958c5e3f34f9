import { ConfigError } from '@dgpo/trajectory';
import { type EstimateModelMemoryOptions, estimateModelMemory } from './estimate-model-memory.js';

/** A change of the options that makes a model fit. */
export interface MemoryRemedy {
  /** For people, such as `batchSize of 2`. */
  text: string;
  change: Partial<EstimateModelMemoryOptions>;
}

/** Halves of a value down to `least`, largest first. */
function halves(value: number, least: number): number[] {
  const smaller: number[] = [];
  for (let size = Math.floor(value / 2); size >= least; size = Math.floor(size / 2)) smaller.push(size);
  return smaller;
}

/**
 * What would make a model fit: each single change that is enough (a smaller batch, shorter sequences, gradient checkpointing, LoRA), and
 * engines without the limit of a WebAssembly heap. Empty where it fits already.
 */
export function memoryRemedies(options: EstimateModelMemoryOptions): MemoryRemedy[] {
  const fits = (change: Partial<EstimateModelMemoryOptions>) => estimateModelMemory({ ...options, ...change }).fits;
  if (fits({})) return [];
  const { mode, batchSize, sequenceLength, engine } = options;
  const candidates: MemoryRemedy[] = [];
  const batch = halves(batchSize, 1).find((size) => fits({ batchSize: size }));
  if (batch !== undefined) candidates.push({ text: `batchSize of ${batch}`, change: { batchSize: batch } });
  const length = halves(sequenceLength, 16).find((size) => fits({ sequenceLength: size }));
  if (length !== undefined)
    candidates.push({ text: `sequenceLength of ${length}`, change: { sequenceLength: length } });
  if (mode !== 'sample' && options.gradientCheckpointing !== true && fits({ gradientCheckpointing: true })) {
    candidates.push({ text: 'gradientCheckpointing', change: { gradientCheckpointing: true } });
  }
  if (mode === 'full') {
    const withCheckpoints = fits({ mode: 'lora' }) ? {} : { gradientCheckpointing: true };
    if (fits({ mode: 'lora', ...withCheckpoints })) {
      const text = 'gradientCheckpointing' in withCheckpoints ? 'LoRA with gradientCheckpointing' : 'LoRA';
      candidates.push({ text, change: { mode: 'lora', ...withCheckpoints } });
    }
  }
  if (engine === 'wasm') {
    candidates.push(
      { text: 'engine tensorflow', change: { engine: 'tensorflow' } },
      { text: 'engine webgpu', change: { engine: 'webgpu' } },
    );
  }
  return candidates;
}

const gibibytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

/**
 * Checks before anything starts that a model fits.
 *
 * @throws ConfigError with what it needs and what would make it fit
 */
export function requireMemory(
  options: EstimateModelMemoryOptions & {
    /** The model, for the error. */
    where?: string;
    /** What the caller's settings are called, such as `--max-batch`. @default as here */
    names?: { batchSize?: string; sequenceLength?: string };
  },
): void {
  const { where, engine, names = {} } = options;
  const { batchSize = 'batchSize', sequenceLength = 'sequenceLength' } = names;
  const {
    weights,
    gradients,
    optimizer,
    activations,
    keyValueCache,
    heap,
    limit = 0,
    fits,
  } = estimateModelMemory(options);
  if (fits) return;
  const parts = [
    `weights ${gibibytes(weights)}`,
    ...(gradients > 0 ? [`gradients ${gibibytes(gradients)}`] : []),
    `activations ${gibibytes(activations)}`,
    ...(keyValueCache > 0 ? [`key-value cache ${gibibytes(keyValueCache)}`] : []),
  ].join(', ');
  const remedies = memoryRemedies(options).map(({ text }) =>
    text.replace(/^batchSize of/, `${batchSize} of`).replace(/^sequenceLength of/, `${sequenceLength} of`),
  );
  const advice = remedies.length === 0 ? 'choose a smaller model' : `it fits with ${remedies.join(', or ')}`;
  const needs =
    heap > limit ? `${gibibytes(heap)} (${parts})` : `${gibibytes(optimizer)} for the optimizer in the main thread`;
  throw new ConfigError(
    `needs about ${needs}, and engine ${engine} has ${gibibytes(limit)}; ${advice}`,
    where === undefined ? {} : { where },
  );
}
