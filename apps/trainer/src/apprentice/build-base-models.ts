import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decoderConfig, parameterCount, saveModel, trainCompactTokenizer } from '@dgpo/lm';
import { createRandom } from '@dgpo/trajectory';
import { trainOnRows } from '../demo/build-student.js';
import type { ModelSize } from '../demo/demo-settings.js';
import { writeAgentSettings } from '../evaluate/agent-settings.js';
import type { Reporter } from '../pipeline/reporter.js';
import { openWorkshop, type Workshop } from '../pipeline/workshop.js';
import { hashFile } from '../run/stable-hash.js';
import type { ApprenticeWorld, CreateApprenticesOptions } from './apprentice-world.js';
import { createHouseholdApprentices } from './household-world.js';
import { measureBase } from './measure-base.js';
import { apprenticeRow, copyingRow, playLessons } from './play-apprentices.js';
import { createWebshopApprentices } from './webshop-world.js';

export interface BuildBaseModelsOptions {
  /** Work folder; an interrupted build continues here. */
  outputDir: string;
  /** Folder that gets `household-base/` and `webshop-base/`. */
  assetsDir: string;
  worlds: readonly ('household' | 'webshop')[];
  seed: number;
  /** Updates of each training, of 16 episodes. @default 1000 */
  steps?: number;
  /** Episodes of apprentices that each training draws from. @default 8000 */
  episodes?: number;
  /** Unseen tasks that each model is measured on. @default 200 */
  evaluationTasks?: number;
  engine: 'auto' | 'wasm' | 'cpu' | 'webgpu' | 'tensorflow';
  /** 0 is one worker per core. */
  workers: number;
  /** Written into the manifests. */
  commit: string;
  reporter: Reporter;
  signal?: AbortSignal;
}

/** 0.5 M parameters with a vocabulary of 700. */
const baseSize: Omit<ModelSize, 'maxPositionEmbeddings'> = {
  hiddenSize: 96,
  numHiddenLayers: 4,
  numAttentionHeads: 3,
};

/** Positions beyond those of an episode: a base with hints scores episodes that were played without. */
const hintRoom = 256;

/** Episodes that the vocabulary is made of, and tasks that episodes are drawn from. */
const tokenizerEpisodes = 800;
const trainingTasks = 4000;

async function buildOne<Skill extends string>(options: {
  create: (options?: CreateApprenticesOptions) => ApprenticeWorld<Skill>;
  workshop: Workshop;
  build: BuildBaseModelsOptions;
}): Promise<void> {
  const { build, create, workshop } = options;
  const world = create();
  const { assetsDir, commit, reporter, seed, signal, steps = 1000, episodes = 8000, evaluationTasks = 200 } = build;
  const random = createRandom(seed).split('base', world.name);
  const tasks = world.tasks({ split: 'train', count: trainingTasks, seed: seed + 1 });
  // Played in bytes, with room for them.
  const roomy = create({ limitScale: 8 });
  const spoken = await playLessons({
    world: roomy,
    tasks: roomy.tasks({ split: 'train', count: trainingTasks, seed: seed + 1 }),
    count: tokenizerEpisodes,
    random: random.split('vocabulary'),
  });
  const texts = spoken.map(({ segments }) => segments.map(({ text }) => text).join(''));
  const tokenizer = trainCompactTokenizer({ texts, specialTokens: [], maximumPieces: world.vocabularyPieces });
  const played = await playLessons({ world, tasks, count: episodes, random: random.split('lessons'), tokenizer });
  const rows = played.map(apprenticeRow);
  reporter.line(`${world.name}: ${rows.length} episodes of apprentices, ${tokenizer.vocabularySize} pieces`);
  const maxPositionEmbeddings = world.settings.maxContextTokens + hintRoom;
  const config = decoderConfig({ vocabularySize: tokenizer.vocabularySize, maxPositionEmbeddings, ...baseSize });
  const parameters = await trainOnRows({
    workshop,
    config,
    seed,
    name: `${world.name}-base`,
    maxSteps: steps,
    learningRate: 3e-3,
    batchSize: 16,
    row: (step, index) => {
      const own = random.split('row', step, index);
      return index % 4 === 0 ? copyingRow(played, own) : own.pick(rows);
    },
  });
  const directory = join(assetsDir, `${world.name}-base`);
  await saveModel({ config, parameters, tokenizer, directory, dtype: 'F16', metadata: { seed: `${seed}` } });
  await writeAgentSettings({ directory, settings: world.settings });
  const unseen = world.tasks({ split: 'unseen', count: evaluationTasks, seed });
  const figures = await measureBase({ directory, world, tasks: unseen, signal });
  const manifest = {
    seed,
    commit,
    steps,
    episodes,
    parameters: parameterCount(config),
    sha256: await hashFile(join(directory, 'model.safetensors')),
    heldOut: { tasks: unseen.length, ...figures },
  };
  writeFileSync(join(directory, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  reporter.line(`${world.name}: ${JSON.stringify(figures)}`);
}

type BuildOptions = Omit<Parameters<typeof buildOne>[0], 'create'>;

const builders = {
  household: (options: BuildOptions) => buildOne({ ...options, create: createHouseholdApprentices }),
  webshop: (options: BuildOptions) => buildOne({ ...options, create: createWebshopApprentices }),
};

/**
 * Makes the models that hint distillation starts from: each has seen apprentices play its world, with and without hints, so that it plays
 * validly, leaves out what most of them left out, and does what a hint in its prompt asks for. Writes them as F16 with a manifest each.
 */
export async function buildBaseModels(options: BuildBaseModelsOptions): Promise<void> {
  const { engine, episodes, outputDir, reporter, seed, signal, steps, workers, worlds } = options;
  const workshop = await openWorkshop({
    engine,
    reporter,
    signal,
    workers,
    directory: outputDir,
    config: { seed, steps: steps ?? null, episodes: episodes ?? null },
    resume: true,
  });
  try {
    for (const name of worlds) {
      reporter.stage(`${name}-base`);
      await builders[name]({ workshop, build: options });
    }
  } finally {
    await workshop.close();
  }
}
