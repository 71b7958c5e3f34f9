import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterpreterPool, createPythonInterpreter } from '@dgpo/envs/code';
import { type BytePairTokenizer, loadModel, parameterCount, saveModel } from '@dgpo/lm';
import { createBm25Index, createBm25Retriever, splitTitle } from '@dgpo/retriever';
import { createRandom, type Random } from '@dgpo/trajectory';
import { firstThoughtOf } from '../arithmetic/arithmetic-plan.js';
import {
  type ArithmeticWorld,
  arithmeticEnvironment,
  arithmeticTasks,
  createArithmeticEnvironment,
  createArithmeticWorld,
  scriptedCodeEpisode,
} from '../arithmetic/index.js';
import { numberFacts } from '../arithmetic/number-exercises.js';
import { type CodeEpisodeExample, throwawayCodeEpisode } from '../arithmetic/throwaway-episodes.js';
import { createAtlas } from '../atlas/index.js';
import { trainOnRows } from '../demo/build-student.js';
import type { Reporter } from '../pipeline/reporter.js';
import { openWorkshop, type Workshop } from '../pipeline/workshop.js';
import { hashFile } from '../run/stable-hash.js';
import type { WeightedRow } from '../train/language-modelling.js';
import { carryOver } from './carry-over.js';
import { chainOfThoughtRow, codeEpisodeRow, codeReadingRow, codeTokenizer, textRow } from './code-text.js';
import { codeWorld } from './code-world.js';
import {
  type CodePlayer,
  type CodeTaskSets,
  measureActing,
  measureReasoning,
  openCodePlayer,
} from './measure-code-model.js';

export interface BuildCodeModelsOptions {
  /** Work folder; an interrupted build continues here. */
  outputDir: string;
  /** Folder that has `student/` and `teacher/`, and gets `code-student/` and `code-teacher/`. */
  assetsDir: string;
  /** @default both */
  models?: readonly ('student' | 'teacher')[];
  seed: number;
  /**
   * Updates of each round of the trainings, of which every one begins anew with a high learning rate; a round more improves a model that
   * is there. @default one of 200, and 600, 300 and 300
   */
  steps?: { student: readonly number[]; teacher: readonly number[] };
  /** Questions of each held-out set that the models are measured on. @default 110 */
  evaluationTasks?: number;
  /** As of `createAtlas`. @default that of `codeWorld` */
  inventedCountries?: number;
  engine: 'auto' | 'wasm' | 'cpu' | 'webgpu' | 'tensorflow';
  /** 0 is one worker per core. */
  workers: number;
  /** Written into the manifests. */
  commit: string;
  reporter: Reporter;
  signal?: AbortSignal;
}

const defaultSteps = { student: [200], teacher: [600, 300, 200] };

/** Rows of an update. */
const batchSize = 8;

/** Questions whose episodes and chains of thought are learned from. */
const trainingTasks = 3000;

/** Episodes of the expert in the index of the world. */
function playedEpisodes(world: ArithmeticWorld, seed: number): CodeEpisodeExample[] {
  const index = createBm25Index({ documents: [...world.corpus] });
  const search = (query: string) =>
    index
      .search({ query, topK: arithmeticEnvironment.topK })
      .map((found) => splitTitle(world.corpus[found.index]?.contents ?? '').text);
  return arithmeticTasks({ world, split: 'train', count: trainingTasks, seed: seed + 2 }).flatMap((task, place) => {
    const { segments, answer } = scriptedCodeEpisode({
      task,
      search,
      ...(place % 4 === 0 ? { firstThought: firstThoughtOf(task) } : {}),
    });
    return answer === task.goldenAnswers[0] ? [{ task, segments }] : [];
  });
}

interface Lessons {
  world: ArithmeticWorld;
  tokenizer: BytePairTokenizer;
  episodes: readonly CodeEpisodeExample[];
}

/** Where a row stands: in its round and its update. */
interface RowPlace {
  round: number;
  index: number;
  random: Random;
}

/**
 * Episodes with and without a first thought, chains of thought, the facts that these recall, and in the first round reading too; later
 * ones have more episodes, and from the third on many of them of three countries.
 */
function teacherRow(lessons: Lessons, place: RowPlace): WeightedRow {
  const { world, tokenizer, episodes } = lessons;
  const { round, index, random } = place;
  const { atlas } = world;
  if (index < 2) return codeEpisodeRow({ episode: random.pick(episodes), tokenizer });
  if (index < (round === 0 ? 4 : 6)) {
    const episode = throwawayCodeEpisode({
      atlas,
      random,
      hasFirstThought: random.next() < 0.25,
      isOfThree: round > 1 && index > 3,
    });
    return codeEpisodeRow({ episode, tokenizer });
  }
  if (index === 4) return codeReadingRow({ world, tokenizer, random });
  if (index < 7) return chainOfThoughtRow({ task: random.pick(episodes).task, world, tokenizer });
  return textRow(tokenizer, numberFacts({ world, random }));
}

interface CodeModel {
  name: 'code-student' | 'code-teacher';
  /** The shipped model that it goes on from. */
  from: 'student' | 'teacher';
  /** Updates of each round. */
  rounds: readonly number[];
  row: (place: RowPlace) => WeightedRow;
  measure: (player: CodePlayer) => Promise<object>;
}

async function buildModel(options: {
  model: CodeModel;
  workshop: Workshop;
  build: BuildCodeModelsOptions;
  tokenizer: BytePairTokenizer;
  withPlayer: (directory: string, measure: CodeModel['measure']) => Promise<object>;
}): Promise<void> {
  const { model, workshop, build, tokenizer, withPlayer } = options;
  const { assetsDir, commit, reporter, seed, inventedCountries = codeWorld.inventedCountries } = build;
  const { name, from, rounds, row, measure } = model;
  const source = join(assetsDir, from);
  const { config, parameters: initial } = carryOver({
    model: await loadModel({ directory: source }),
    tokenizer,
    maxPositionEmbeddings: arithmeticEnvironment.maxContextTokens,
  });
  let parameters = initial;
  for (const [round, maxSteps] of rounds.entries()) {
    const stage = round === 0 ? name : `${name}-${round + 1}`;
    const random = createRandom(seed).split(stage);
    parameters = await trainOnRows({
      workshop,
      name: stage,
      config,
      seed,
      maxSteps,
      batchSize,
      microBatchSize: 4,
      initial: parameters,
      learningRate: round === 0 ? 2e-3 : 1.5e-3,
      row: (step, index) => row({ round, index, random: random.split(step, index) }),
    });
  }
  const directory = join(assetsDir, name);
  await saveModel({ config, parameters, tokenizer, directory, dtype: 'F16', metadata: { seed: `${seed}` } });
  const figures = await withPlayer(directory, measure);
  const manifest = {
    seed,
    inventedCountries,
    commit,
    steps: rounds,
    from: { name: `demo/${from}`, sha256: await hashFile(join(source, 'model.safetensors')) },
    parameters: parameterCount(config),
    sha256: await hashFile(join(directory, 'model.safetensors')),
    ...figures,
  };
  writeFileSync(join(directory, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  reporter.line(`${name}: ${JSON.stringify(figures)}`);
}

/**
 * Makes the models of arithmetic over the demo world, which share a vocabulary: a base student that goes on from `demo/student` with
 * numbers to read and to reckon with and knows nothing of code, and a teacher that goes on from `demo/teacher` with episodes of the
 * scripted expert and chains of thought. Writes them as F16 with a manifest each. Measuring them needs `pyodide`.
 * @throws ConfigError without `pyodide`, and for options out of range
 */
export async function buildCodeModels(options: BuildCodeModelsOptions): Promise<void> {
  const { engine, evaluationTasks = 110, outputDir, reporter, seed, signal, workers } = options;
  const { steps = defaultSteps, inventedCountries = codeWorld.inventedCountries } = options;
  const workshop = await openWorkshop({
    engine,
    reporter,
    signal,
    workers,
    directory: outputDir,
    // Not the updates: each round is a stage of its own, and further ones may follow.
    config: { seed, inventedCountries },
    resume: true,
  });
  const interpreters = createInterpreterPool({ start: () => createPythonInterpreter({ imports: [] }), size: 1 });
  try {
    const world = createArithmeticWorld(createAtlas({ seed, inventedCountries }));
    const episodes = playedEpisodes(world, seed);
    const tokenizer = codeTokenizer({ world, episodes, seed: seed + 1 });
    reporter.line(`${episodes.length} episodes, ${tokenizer.vocabularySize} tokens`);
    const lessons = { world, tokenizer, episodes };
    const environment = createArithmeticEnvironment({
      interpreters,
      retriever: createBm25Retriever({ documents: [...world.corpus] }),
    });
    const tasksOf = (split: 'fiction' | 'facts' | 'known') =>
      arithmeticTasks({ world, split, count: evaluationTasks, seed });
    const sets: CodeTaskSets = { fiction: tasksOf('fiction'), facts: tasksOf('facts'), known: tasksOf('known') };
    const models: CodeModel[] = [
      {
        name: 'code-student',
        from: 'student',
        rounds: steps.student,
        row: ({ random }) => codeReadingRow({ world, tokenizer, random }),
        measure: async (player) => ({ heldOut: await measureActing(player, sets) }),
      },
      {
        name: 'code-teacher',
        from: 'teacher',
        rounds: steps.teacher,
        row: (place) => teacherRow(lessons, place),
        measure: async (player) => ({
          heldOut: await measureActing(player, sets),
          ...(await measureReasoning(player, sets)),
        }),
      },
    ];
    const withPlayer = async (directory: string, measure: CodeModel['measure']) => {
      const player = await openCodePlayer({ directory, environment, signal });
      return measure(player).finally(() => player.close());
    };
    const { models: wanted = ['student', 'teacher'] } = options;
    for (const model of models.filter(({ from }) => wanted.includes(from))) {
      reporter.stage(model.name);
      await buildModel({ model, workshop, build: options, tokenizer, withPlayer });
    }
  } finally {
    await interpreters.close();
    await workshop.close();
  }
}
