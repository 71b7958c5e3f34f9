import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type BytePairTokenizer,
  decoderConfig,
  loadModel,
  type ModelWeights,
  parameterCount,
  saveModel,
  saveTokenizer,
} from '@dgpo/lm';
import { createBm25Retriever } from '@dgpo/retriever';
import { createRandom, type Task } from '@dgpo/trajectory';
import { type Atlas, atlasTasks, createAtlas, evaluationTasks } from '../atlas/index.js';
import { policyStage } from '../pipeline/policy-stage.js';
import type { Reporter } from '../pipeline/reporter.js';
import { stageModel } from '../pipeline/stage-model.js';
import { openWorkshop, type Workshop } from '../pipeline/workshop.js';
import { hashFile } from '../run/stable-hash.js';
import { episodeMetrics } from '../train/episode-metrics.js';
import { episodeRow } from '../train/episode-rows.js';
import type { WeightedRow } from '../train/language-modelling.js';
import { type Playground, playEpisodes } from '../train/play-episodes.js';
import { buildStudent, trainOnRows } from './build-student.js';
import { teacherPpo } from './demo-presets.js';
import { atlasEnvironment, teacherSize } from './demo-settings.js';
import { demoTokenizer, expertRow, readingRow } from './training-text.js';

export interface BuildDemoModelsOptions {
  /** Work folder; an interrupted build continues here. */
  outputDir: string;
  /** Folder that gets `student/`, `teacher/` and `manifest.json`. */
  assetsDir: string;
  seed: number;
  /** Updates of each training; fewer make worse models sooner. @default 3000, 1600 and 20 */
  steps?: { student: number; teacher: number; teacherPpo: number };
  engine: 'auto' | 'wasm' | 'cpu' | 'webgpu' | 'tensorflow';
  /** 0 is one worker per core. */
  workers: number;
  /** Written into the manifest. */
  commit: string;
  reporter: Reporter;
  signal?: AbortSignal;
}

const defaultSteps = { student: 3000, teacher: 1600, teacherPpo: 20 };

/** The teacher reads too, and learns the episodes of the scripted expert: some in the real index, some in worlds of their own. */
async function buildTeacher(options: {
  workshop: Workshop;
  atlas: Atlas;
  tokenizer: BytePairTokenizer;
  playground: Playground;
  seed: number;
  maxSteps: number;
}) {
  const { workshop, atlas, tokenizer, playground, seed, maxSteps } = options;
  const config = decoderConfig({ vocabularySize: tokenizer.vocabularySize, ...teacherSize });
  const tasks = atlasTasks({ atlas, split: 'train', count: 6000, seed: 2 });
  const expert = await playEpisodes({ ...playground, policy: 'expert', tasks, temperature: 0, seed });
  const played: WeightedRow[] = expert
    .filter((episode) => episode.outcome.correct)
    .map((episode) => {
      const row = episodeRow(episode);
      return { ...row, weights: new Float32Array(row.logProbs.length).fill(1) };
    });
  const random = createRandom(seed).split('teach');
  const parameters = await trainOnRows({
    workshop,
    name: 'teacher',
    config,
    seed,
    maxSteps,
    learningRate: 2e-3,
    row: (step, index) => {
      const own = random.split(step, index);
      const kind = index % 8;
      if (kind < 3) return readingRow({ atlas, tokenizer, random: own });
      return kind < 6 ? expertRow({ atlas, tokenizer, random: own }) : own.pick(played);
    },
  });
  return { config, parameters, tokenizer };
}

/** PPO on the outcome alone, from the taught teacher. */
async function practiseTeacher(options: {
  workshop: Workshop;
  atlas: Atlas;
  playground: Playground;
  taught: ModelWeights;
  seed: number;
  maxSteps: number;
}): Promise<ModelWeights> {
  const { workshop, atlas, playground, taught, seed, maxSteps } = options;
  const directory = join(workshop.run.path, 'taught');
  await saveModel({ ...taught, directory });
  const teacher = await stageModel(directory);
  const { weights } = await policyStage({
    workshop,
    name: 'teacher-ppo',
    playground,
    student: teacher,
    teacher,
    tasks: atlasTasks({ atlas, split: 'train', count: 6000, seed: 2 }),
    settings: teacherPpo(maxSteps),
    seed,
  });
  return weights;
}

/** Share of correct answers on the held-out sets, greedy. */
async function figures(playground: Playground, model: string, sets: Record<string, Task[]>, seed: number) {
  const result: Record<string, Record<string, number>> = {};
  for (const [name, tasks] of Object.entries(sets)) {
    const episodes = await playEpisodes({ ...playground, policy: { model }, tasks, temperature: 0, seed });
    const { correct = 0, valid_action_rate: validActionRate = 0, searches = 0 } = episodeMetrics(episodes);
    result[name] = { exactMatch: correct, validActionRate, searches };
  }
  return result;
}

/**
 * Makes the models that the demo starts from: a base student pretrained on plain passages and reading exercises, and a teacher taught
 * on scripted expert episodes and then trained by PPO. Writes them as F16 with a manifest.
 */
export async function buildDemoModels(options: BuildDemoModelsOptions): Promise<void> {
  const { outputDir, assetsDir, seed, reporter, signal } = options;
  const steps = options.steps ?? defaultSteps;
  const workshop = await openWorkshop({
    directory: outputDir,
    config: { seed, steps },
    resume: true,
    engine: options.engine,
    workers: options.workers,
    reporter,
    signal,
  });
  try {
    const atlas = createAtlas({ seed });
    const tokenizer = demoTokenizer({ atlas, seed: seed + 1 });
    const tokenizerDirectory = join(workshop.run.path, 'tokenizer');
    mkdirSync(tokenizerDirectory, { recursive: true });
    await saveTokenizer(tokenizer, tokenizerDirectory);
    const indexDirectory = join(workshop.run.path, 'index');
    await createBm25Retriever({ documents: [...atlas.corpus] }).save(indexDirectory);
    const playground: Playground = {
      pool: workshop.pool,
      tokenizer: tokenizerDirectory,
      retriever: { directory: indexDirectory },
      environment: atlasEnvironment,
    };
    const sets = {
      fiction: evaluationTasks({ atlas, split: 'fiction', count: 1000 }),
      facts: evaluationTasks({ atlas, split: 'facts', count: 1000 }),
    };
    const manifest: Record<string, unknown> = { seed, commit: options.commit, steps, models: {} };
    const builders = {
      student: () => buildStudent({ workshop, atlas, tokenizer, seed, maxSteps: steps.student }),
      teacher: async () => {
        const taught = await buildTeacher({ workshop, atlas, tokenizer, playground, seed, maxSteps: steps.teacher });
        if (steps.teacherPpo === 0) return taught;
        return practiseTeacher({ workshop, atlas, playground, taught, seed, maxSteps: steps.teacherPpo });
      },
    };
    for (const [name, build] of Object.entries(builders)) {
      reporter.stage(name);
      const built = await build();
      const directory = join(assetsDir, name);
      await saveModel({ ...built, directory, dtype: 'F16', metadata: { seed: `${seed}` } });
      // What is measured is what was stored: the weights as F16.
      const { config, parameters } = await loadModel({ directory });
      await workshop.pool.broadcast({ kind: 'model', name, config, valueHead: false, weights: parameters });
      const measured = await figures(playground, name, sets, seed);
      reporter.line(`${name}: ${JSON.stringify(measured)}`);
      (manifest.models as Record<string, unknown>)[name] = {
        parameters: parameterCount(config),
        sha256: await hashFile(join(directory, 'model.safetensors')),
        heldOut: measured,
      };
    }
    writeFileSync(join(assetsDir, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  } finally {
    await workshop.close();
  }
}
