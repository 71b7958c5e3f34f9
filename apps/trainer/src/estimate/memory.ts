import { activationFloats, type DecoderConfig, type EngineName, keyValueCacheBytes, parameterCount } from '@dgpo/lm';
import type { Recipe, Stage } from '../recipe/recipe-schema.js';
import { isGuided, usesCritic } from '../recipe/rl-section.js';

/** A heap grows in steps and keeps holes: measured ones were 1.2 to 1.35 times what lay in them. */
export const heapSlack = 1.35;

/** Of a worker thread without any tensor, measured under Node 20. */
const threadBytes = 120e6;

const float = 4;

/** Episodes that a worker plays side by side in training. */
const rolloutSlots = 64;

/** Bytes, in float32. */
export interface WorkerMemory {
  /** Student, critic, teacher and the model that is evaluated. */
  weights: number;
  /** Of the largest trained model. */
  gradients: number;
  /**
   * Of the samplers: `slots · layers · 2 · keyValueHeads · headDim · maxTotalTokens` each, for student and teacher with 64 slots and for the
   * model that is evaluated with `evaluation.batchSize`.
   */
  keyValueCache: number;
  /** Kept for the backward pass of the largest micro-batch. */
  activations: number;
  /** All of it times {@link heapSlack}. */
  heap: number;
}

export interface MemoryEstimate {
  worker: WorkerMemory;
  workers: number;
  /** Optimiser states in the main thread: parameters, two moments and the decay of each trained model. */
  optimizers: number;
  /** Everything. */
  total: number;
}

export interface MemoryOptions {
  recipe: Recipe;
  student: DecoderConfig;
  teacher: DecoderConfig;
  engine: EngineName;
  workers: number;
  /** Tokens of the longest episode in a micro-batch. @default environment.maxTotalTokens */
  episodeTokens?: number;
}

function activationBytes(options: {
  config: DecoderConfig;
  rows: number;
  time: number;
  /** Whether attention keeps its matrix, as stock ops do. */
  attentionMatrix: boolean;
}): number {
  const { config, rows, time, attentionMatrix } = options;
  const tokens = rows * time;
  const layers = config.numHiddenLayers * tokens * activationFloats(config);
  // Gradients of the widest block pass through while the activations of the others are still kept.
  const passing = tokens * (activationFloats(config) + 4 * config.hiddenSize);
  const matrix = attentionMatrix ? 3 * config.numHiddenLayers * config.numAttentionHeads * rows * time * time : 0;
  return float * (layers + passing + matrix);
}

/** Rows of the micro-batches in which a scripted teacher is taught. */
const taughtRows = 8;

/** Rows of the micro-batches of a stage that trains at all. */
const microBatchSizeOf = ({ distill, rl }: Stage) =>
  distill?.microBatchSize ?? (rl !== undefined && rl.maxSteps > 0 ? rl.microBatchSize : 0);

/** Copies of the student beside the one that is trained: the one it is anchored to, and the one that plays ahead. */
const studentCopies = ({ rl }: Stage) =>
  rl === undefined ? 0 : Number(isGuided(rl) && rl.guidance.reference === 'initial') + Number(rl.maxStaleness > 0);

/** Memory of a run, from sizes alone. */
export function estimateMemory(options: MemoryOptions): MemoryEstimate {
  const { recipe, student, teacher, engine, workers } = options;
  const { environment, stages, pretrain, evaluation } = recipe;
  const studentSize = parameterCount(student);
  const teacherSize = parameterCount(teacher);
  const criticSize = stages.some(({ rl }) => rl !== undefined && usesCritic(rl) && rl.maxSteps > 0)
    ? studentSize + student.hiddenSize
    : 0;
  const trainsTeacher = recipe.teacher.kind === 'scripted';
  const time = environment.maxTotalTokens;
  const episodeTokens = Math.min(time, options.episodeTokens ?? time);
  const attentionMatrix = engine !== 'wasm';
  const kept = (config: DecoderConfig, rows: number, length: number) =>
    activationBytes({ config, rows, time: length, attentionMatrix });
  const activations = Math.max(
    kept(student, Math.max(...stages.map(microBatchSizeOf)), episodeTokens),
    trainsTeacher ? kept(teacher, taughtRows, episodeTokens) : 0,
    pretrain === undefined ? 0 : Math.max(...[student, teacher].map((model) => kept(model, 8, pretrain.maxLength))),
  );
  const copies = Math.max(0, ...stages.map(studentCopies)) * studentSize;
  const weights = float * (studentSize + criticSize + copies + teacherSize + Math.max(studentSize, teacherSize));
  const gradients = float * Math.max(studentSize, criticSize, trainsTeacher ? teacherSize : 0);
  const keyValueCache =
    keyValueCacheBytes(student, { slots: rolloutSlots, time }) +
    keyValueCacheBytes(teacher, { slots: rolloutSlots, time }) +
    Math.max(...[student, teacher].map((model) => keyValueCacheBytes(model, { slots: evaluation.batchSize, time })));
  const heap = heapSlack * (weights + gradients + keyValueCache + activations);
  const optimizers = 4 * float * (studentSize + criticSize + (trainsTeacher ? teacherSize : 0));
  return {
    worker: { weights, gradients, keyValueCache, activations, heap },
    workers,
    optimizers,
    total: workers * (heap + threadBytes) + heapSlack * optimizers + threadBytes,
  };
}
