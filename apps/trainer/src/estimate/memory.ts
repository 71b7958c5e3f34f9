import { type DecoderConfig, type EngineName, estimateModelMemory, type LoraOptions } from '@dgpo/lm';
import { loraOptions } from '../recipe/lora-options.js';
import { hasTeacherHere } from '../recipe/needs-teacher.js';
import type { Recipe, Stage } from '../recipe/recipe-schema.js';
import { isGuided, usesCritic } from '../recipe/rl-section.js';

/** What comes and goes leaves holes in a heap: measured ones were 1.05 to 1.35 times what lay in them. Weights never move. */
export const heapSlack = 1.35;

/** Of a worker thread without any tensor, measured under Node 20. */
const threadBytes = 120e6;

const float = 4;

/** Bytes, in float32. */
export interface WorkerMemory {
  /** Student, critic, teacher and the model that is evaluated; with LoRA one base and the adapters of each. */
  weights: number;
  /** Of the largest trained model. */
  gradients: number;
  /** Of the largest micro-batch, with the gradients of activations. */
  activations: number;
  /**
   * Of the largest sampler, `slots · layers · 2 · keyValueHeads · headDim · maxTotalTokens` floats: student and teacher with a slot for each
   * episode, at most `rolloutBatchSize`, and the model that is evaluated with `evaluation.batchSize`. Between jobs samplers are empty.
   */
  keyValueCache: number;
  /** Of one step of that sampler. */
  samplingActivations: number;
  /** Weights, and the more of training and of sampling. */
  tensors: number;
  /** The same with holes between what comes and goes. */
  heap: number;
}

export interface MemoryEstimate {
  worker: WorkerMemory;
  workers: number;
  /** Optimiser states in the main thread: parameters, two moments and gradients of each trained model. */
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

/** One kind of forward and backward pass. */
interface Training {
  config: DecoderConfig;
  lora: LoraOptions | undefined;
  rows: number;
  time: number;
  gradientCheckpointing: boolean;
  /** Whether a KL over the vocabulary adds a gradient of the output embeddings. */
  kl: boolean;
}

/** The training passes of a run. */
function trainingsOf(options: MemoryOptions & { teacherConfig: DecoderConfig }): Training[] {
  const { recipe, student, teacherConfig } = options;
  const { environment, stages, pretrain } = recipe;
  const time = Math.min(environment.maxTotalTokens, options.episodeTokens ?? environment.maxTotalTokens);
  const lora = loraOptions(recipe.student.lora);
  const pass = { config: student, lora, time };
  const trainsTeacher = recipe.teacher.kind === 'scripted' && hasTeacherHere(recipe);
  const teacherLora = loraOptions(recipe.teacher.lora);
  const read = (config: DecoderConfig): Training[] =>
    pretrain === undefined
      ? []
      : [{ config, lora: undefined, rows: 8, time: pretrain.maxLength, gradientCheckpointing: false, kl: false }];
  const stagePass = ({ distill, rl }: Stage): Training[] => {
    if (distill !== undefined) {
      const { microBatchSize: rows, gradientCheckpointing, klWeight } = distill;
      return [{ ...pass, rows, gradientCheckpointing, kl: klWeight > 0 }];
    }
    if (rl === undefined || rl.maxSteps === 0) return [];
    const guided = rl.guidance.gate !== 'never' && rl.guidance.form === 'loss';
    const { microBatchSize: rows, gradientCheckpointing } = rl;
    return [{ ...pass, rows, gradientCheckpointing, kl: guided }];
  };
  const { microBatchSize: taughtRows, gradientCheckpointing } = recipe.teacher.training;
  const taught = {
    ...pass,
    config: teacherConfig,
    lora: teacherLora,
    rows: taughtRows,
    gradientCheckpointing,
    kl: false,
  };
  return [
    ...stages.flatMap(stagePass),
    ...(trainsTeacher ? [taught] : []),
    ...read(student),
    ...(trainsTeacher && teacherLora === undefined ? read(teacherConfig) : []),
  ];
}

/** Copies of the student beside the one that is trained: the one it is anchored to, and the one that plays ahead. */
const studentCopies = ({ rl }: Stage) =>
  rl === undefined ? 0 : Number(isGuided(rl) && rl.guidance.reference === 'initial') + Number(rl.maxStaleness > 0);

/** Memory of a run, from sizes alone. */
export function estimateMemory(options: MemoryOptions): MemoryEstimate {
  const { recipe, student, engine, workers } = options;
  const { environment, stages, evaluation } = recipe;
  // A teacher behind a server takes no memory here.
  const hasTeacher = hasTeacherHere(recipe);
  const lora = loraOptions(recipe.student.lora);
  const teacherLora = loraOptions(recipe.teacher.lora);
  const teacher = teacherLora === undefined ? options.teacher : student;

  const memoryOf = (config: DecoderConfig, adapters: LoraOptions | undefined, training?: Training) =>
    estimateModelMemory({
      config,
      engine,
      mode: adapters === undefined ? 'full' : 'lora',
      batchSize: training?.rows ?? 1,
      sequenceLength: training?.time ?? 1,
      gradientCheckpointing: training?.gradientCheckpointing ?? false,
      ...(adapters === undefined ? {} : { lora: adapters }),
    });
  /** Without what models on one base have in common. */
  const ownBytes = (config: DecoderConfig, adapters: LoraOptions | undefined) => {
    const memory = memoryOf(config, adapters);
    return adapters === undefined ? memory.weights : memory.gradients;
  };
  const shares = lora !== undefined || teacherLora !== undefined;
  const studentBytes = ownBytes(student, lora);
  const teacherBytes = hasTeacher ? ownBytes(teacher, teacherLora) : 0;
  const hasCritic = stages.some(({ rl }) => rl !== undefined && usesCritic(rl) && rl.maxSteps > 0);
  const head = float * student.hiddenSize;
  const weights =
    (shares ? memoryOf(student, undefined).weights : 0) +
    studentBytes +
    (hasCritic ? studentBytes + head : 0) +
    teacherBytes +
    Math.max(0, ...stages.map(studentCopies)) * studentBytes +
    Math.max(studentBytes, teacherBytes);

  const passes = trainingsOf({ ...options, teacherConfig: teacher }).map((training) => {
    const { gradients, activations } = memoryOf(training.config, training.lora, training);
    const { vocabularySize, hiddenSize } = training.config;
    const embeddings = training.kl && training.lora === undefined ? float * vocabularySize * hiddenSize : 0;
    return { gradients, activations: activations + embeddings };
  });
  const training = passes.reduce((most, each) =>
    each.gradients + each.activations > most.gradients + most.activations ? each : most,
  );

  const playing = stages.flatMap(({ distill, rl }) => [
    ...(distill === undefined || !hasTeacher
      ? []
      : [{ config: teacher, slots: Math.min(distill.rolloutBatchSize, distill.numTasks * distill.samplesPerTask) }]),
    ...(rl === undefined || rl.maxSteps === 0
      ? []
      : [{ config: student, slots: Math.min(rl.rolloutBatchSize, rl.tasksPerStep * rl.numGenerations) }]),
  ]);
  const evaluated = hasTeacher ? [student, teacher] : [student];
  const samplers = [...playing, ...evaluated.map((config) => ({ config, slots: evaluation.batchSize }))].map(
    ({ config, slots }) => {
      const { keyValueCache, activations } = estimateModelMemory({
        ...{ config, engine, mode: 'sample', batchSize: slots, sequenceLength: environment.maxTotalTokens },
      });
      return { keyValueCache, samplingActivations: activations };
    },
  );
  const sampling = samplers.reduce((most, each) =>
    each.keyValueCache + each.samplingActivations > most.keyValueCache + most.samplingActivations ? each : most,
  );
  const { gradients, activations } = training;
  const { keyValueCache, samplingActivations } = sampling;
  const passing = Math.max(gradients + activations, keyValueCache + samplingActivations);
  const heap = weights + heapSlack * passing;

  const trained = (config: DecoderConfig, adapters: LoraOptions | undefined) => memoryOf(config, adapters).optimizer;
  const studentOptimizer = trained(student, lora);
  const optimizers =
    studentOptimizer +
    (hasCritic ? studentOptimizer + 4 * head : 0) +
    (recipe.teacher.kind === 'scripted' ? trained(teacher, teacherLora) : 0);
  return {
    worker: {
      weights,
      gradients,
      activations,
      keyValueCache,
      samplingActivations,
      tensors: weights + passing,
      heap,
    },
    workers,
    optimizers,
    total: workers * (heap + threadBytes) + heapSlack * optimizers + threadBytes,
  };
}
