import { type DecoderConfig, type EngineName, parameterCount } from '@dgpo/lm';
import { ConfigError } from '@dgpo/trajectory';
import { arithmeticSets } from '../arithmetic/index.js';
import { arithmeticData, householdData, webshopData } from '../recipe/data-sections.js';
import { environmentKindOf } from '../recipe/environment-kind.js';
import { hasTeacherHere } from '../recipe/needs-teacher.js';
import type { Recipe } from '../recipe/recipe-schema.js';
import { textWorldOf } from '../recipe/world-effects.js';
import { episodeAssumptions, typicalEpisode } from './episode-size.js';
import { heapProblem } from './fit-heap.js';
import { estimateMemory, type MemoryEstimate } from './memory.js';
import { freshModelConfig } from './model-config.js';
import { stagesOf } from './stages.js';
import { assumedRates, secondsOf, type Work } from './work.js';

export interface EstimateRunOptions {
  recipe: Recipe;
  /** Sizes of the student, for one that comes from a folder. @default those of `student.fresh` */
  student?: DecoderConfig;
  /** Sizes of the teacher, for one that comes from a folder. @default those of `teacher.fresh` */
  teacher?: DecoderConfig;
  /** Training questions there are. @default 8000 for the atlas world, else as many as are demonstrated */
  trainQuestions?: number;
  /** Questions in each held-out set. @default two full sets for the atlas world, one for each of `data.evalQuestions` */
  evalQuestions?: readonly number[];
  /** What `engine: auto` stands for here. @default 'wasm' */
  engine?: EngineName;
  /** CPU cores of the machine. @default 2 */
  cores?: number;
}

export interface StageEstimate {
  name: string;
  /** Tokens of forward and backward passes. */
  trained: number;
  /** Tokens of forward passes alone. */
  scored: number;
  sampled: number;
  /** Undefined where the engine's speed depends on the device. */
  seconds?: number;
}

/** What a run will take. */
export interface RunEstimate {
  engine: EngineName;
  models: { name: 'student' | 'teacher'; parameters: number; config: DecoderConfig }[];
  memory: MemoryEstimate;
  stages: StageEstimate[];
  /** Undefined where the engine's speed depends on the device. */
  seconds?: number;
  /** What the figures rest on, one sentence each. */
  assumptions: string[];
  /** What may go wrong. */
  warnings: string[];
}

/** Training tasks that are written for a world. */
function worldTasks({ data }: Recipe): number {
  switch (data.world) {
    case 'household':
      return householdData(data).trainTasks;
    case 'webshop':
      return webshopData(data).trainTasks;
    case 'arithmetic':
      return arithmeticData(data).trainTasks;
    default:
      return 8000;
  }
}

/** Held-out sets of a world. */
function worldSets({ data }: Recipe): number {
  if (data.world === 'arithmetic') return arithmeticSets.length;
  return data.world === 'webshop' ? 1 : 2;
}

const tokensOf = (work: readonly Work[], kind: Work['kind']) =>
  work.reduce((sum, item) => sum + (item.kind === kind ? item.tokens : 0), 0);

/** What an episode is taken for, in a few words. */
function turnsOf(recipe: Recipe): string {
  const { commands, searches, tokensPerTurn, steps, tokensPerStep } = episodeAssumptions;
  if (textWorldOf(recipe.data) !== undefined) return `at most ${commands} commands, ${tokensPerTurn} tokens a turn`;
  switch (environmentKindOf(recipe)) {
    case 'chain-of-thought':
      return 'one turn, without a search';
    case 'code':
      return `at most ${steps} turns of code, ${tokensPerStep} tokens a turn`;
    case 'search':
      return `at most ${searches} searches, ${tokensPerTurn} tokens a turn`;
  }
}

function assumptionsOf(recipe: Recipe, engine: EngineName, workers: number): string[] {
  const { sampled, total } = typicalEpisode(recipe);
  const rates = assumedRates[engine];
  const speed =
    rates === undefined
      ? `no time: the speed of ${engine} depends on the device`
      : `${rates.train / 1e9} GFLOP/s per core in training and scoring and ${rates.sample / 1e9} in sampling, on ${workers} ${workers === 1 ? 'core' : 'cores'}`;
  return [
    `episodes of ${total} tokens, ${sampled} of them sampled (${turnsOf(recipe)}); memory counts full length`,
    speed,
  ];
}

/**
 * Memory, tokens and time of a run before it starts. Nothing is read and nothing is run: sizes come from the recipe, rates are
 * assumed (`assumedRates`), an episode is a typical one (`typicalEpisode`). Time leaves out reading files, building the index and
 * retrieval, and is of the order of what a machine needs, not more.
 *
 * @throws {ConfigError} when the tensors alone would outgrow the 4 GiB of a WebAssembly heap, with what would make it fit; when a model
 *   reads fewer tokens than an episode may have; and when the sizes of a model that comes from a folder are not given
 */
export function estimateRun(options: EstimateRunOptions): RunEstimate {
  const { recipe, cores = 2 } = options;
  const engine = recipe.engine === 'auto' ? (options.engine ?? 'wasm') : recipe.engine;
  const student = options.student ?? (recipe.student.fresh && freshModelConfig(recipe.student.fresh));
  if (student === undefined) throw new ConfigError('the sizes of this model are needed', { where: 'student.path' });
  if (recipe.teacher.kind === 'model' && options.teacher === undefined) {
    throw new ConfigError('the sizes of this model are needed', { where: 'teacher.path' });
  }
  const sharesSizes = recipe.teacher.lora !== undefined || recipe.teacher.kind === 'hinted';
  const teacher = options.teacher ?? (sharesSizes ? student : freshModelConfig(recipe.teacher.fresh));
  const here = hasTeacherHere(recipe);
  for (const [where, model] of Object.entries({ 'student.path': student, ...(here && { 'teacher.path': teacher }) })) {
    const limit = recipe.environment.maxTotalTokens;
    if (model.maxPositionEmbeddings < limit) {
      throw new ConfigError(
        `this model reads ${model.maxPositionEmbeddings} tokens, environment.maxTotalTokens is ${limit}; lower it`,
        { where },
      );
    }
  }
  const threaded = engine === 'wasm' || engine === 'cpu';
  const workers = threaded ? recipe.workers || cores : 1;
  const sizes = { recipe, student, teacher, engine, workers };
  const problem = heapProblem(sizes);
  if (problem?.certain) throw new ConfigError(problem.message, { where: 'engine wasm' });

  const sets = recipe.data.world === undefined ? recipe.data.evalQuestions.length : worldSets(recipe);
  const stages = stagesOf({
    recipe,
    student,
    teacher,
    trainQuestions:
      options.trainQuestions ??
      (recipe.data.world === undefined ? (recipe.stages[0]?.distill?.numTasks ?? 1000) : worldTasks(recipe)),
    evalQuestions: options.evalQuestions ?? new Array<number>(sets).fill(recipe.evaluation.tasksPerSet),
  }).map(({ name, work }): StageEstimate => {
    const seconds = secondsOf(work, engine);
    return {
      name,
      trained: tokensOf(work, 'train'),
      scored: tokensOf(work, 'score'),
      sampled: tokensOf(work, 'sample'),
      ...(seconds === undefined ? {} : { seconds: seconds / Math.min(workers, cores) }),
    };
  });
  const timed = stages.flatMap(({ seconds }) => (seconds === undefined ? [] : [seconds]));
  return {
    engine,
    models: [
      { name: 'student', parameters: parameterCount(student), config: student },
      ...(here ? [{ name: 'teacher' as const, parameters: parameterCount(teacher), config: teacher }] : []),
    ],
    memory: estimateMemory(sizes),
    stages,
    ...(timed.length === stages.length ? { seconds: timed.reduce((sum, value) => sum + value, 0) } : {}),
    assumptions: assumptionsOf(recipe, engine, Math.min(workers, cores)),
    warnings: problem === undefined ? [] : [problem.message],
  };
}
