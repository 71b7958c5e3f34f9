import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type BytePairTokenizer,
  createDecoder,
  type DecoderConfig,
  getParameters,
  saveModel,
  saveTokenizer,
  type Tokenizer,
  trainCompactTokenizer,
} from '@dgpo/lm';
import { createRandom, type Task } from '@dgpo/trajectory';
import { freshModelConfig } from '../estimate/model-config.js';
import { distillSchema } from '../recipe/distill-section.js';
import type { Recipe } from '../recipe/recipe-schema.js';
import { runStage } from '../run/run-stage.js';
import { demonstration } from '../train/distillation/demonstrations.js';
import { distillationSteps, trainDistillation } from '../train/distillation/train-distillation.js';
import { trainLanguageModel, weightedRow } from '../train/language-modelling.js';
import { modelCheckpoints } from '../train/model-checkpoints.js';
import { type Playground, playEpisodes } from '../train/play-episodes.js';
import { createTrainedModel } from '../train/trained-model.js';
import { createCorpusText } from './corpus-text.js';
import { playgroundInputs } from './playground-inputs.js';
import { type StageModel, stageModel } from './stage-model.js';
import { type LoraSettings, savedStageModel, saveStageModel, trainedStageModel } from './trained-stage-model.js';
import type { Workshop } from './workshop.js';

type FreshModel = NonNullable<Recipe['student']['fresh']>;

/** A compact vocabulary over a corpus and its training questions. */
export async function tokenizerStage(options: {
  workshop: Workshop;
  texts: readonly string[];
  /** Of the action protocol. */
  specialTokens: readonly string[];
  vocabSize: number;
}): Promise<{ directory: string; tokenizer: BytePairTokenizer; key: string }> {
  const { workshop, texts, specialTokens, vocabSize } = options;
  // Two tokens of its own, the tags and the 256 bytes come before the pieces.
  const maximumPieces = vocabSize - 258 - specialTokens.length;
  const tokenizer = trainCompactTokenizer({ texts, specialTokens: [...specialTokens], maximumPieces });
  const { directory, key } = await runStage({
    runDirectory: workshop.run.path,
    name: 'tokenizer',
    inputs: { pieces: tokenizer.model.merges, vocabularySize: tokenizer.vocabularySize },
    run: async ({ directory: target }) => {
      workshop.reporter.stage('tokenizer', `${tokenizer.vocabularySize} tokens`);
      await mkdir(target, { recursive: true });
      await saveTokenizer(tokenizer, target);
      return null;
    },
  });
  return { directory, tokenizer, key };
}

async function initialParameters(config: DecoderConfig, seed: number, name: string): Promise<Float32Array> {
  const decoder = createDecoder({ config, random: createRandom(seed).split('initial', name) });
  const parameters = (await getParameters(decoder)).slice();
  decoder.dispose();
  return parameters;
}

/** A new model, pretrained on the corpus where the recipe says so. */
export async function freshModelStage(options: {
  workshop: Workshop;
  name: 'student' | 'teacher';
  fresh: FreshModel;
  tokenizer: Tokenizer;
  tokenizerKey: string;
  pretrain: Recipe['pretrain'];
  documents: readonly { contents: string }[];
  corpusKey: unknown;
  tasks: readonly Task[];
  seed: number;
}): Promise<StageModel> {
  const { workshop, name, fresh, tokenizer, pretrain, documents, tasks, seed } = options;
  const stage = `pretrain-${name}`;
  const { directory, skipped } = await runStage({
    runDirectory: workshop.run.path,
    name: stage,
    inputs: { fresh, tokenizer: options.tokenizerKey, pretrain, corpus: options.corpusKey, tasks, seed },
    run: async ({ directory: target }) => {
      const config = { ...freshModelConfig(fresh), vocabularySize: tokenizer.vocabularySize };
      let parameters = await initialParameters(config, seed, name);
      if (pretrain !== undefined) {
        workshop.reporter.stage(stage, `${pretrain.maxSteps} updates on the corpus`);
        const model = await createTrainedModel({ pool: workshop.pool, name, config, parameters, weightDecay: 0.01 });
        const checkpoints = modelCheckpoints({
          directory: join(target, 'checkpoints'),
          config: { pretrain, fresh, seed },
          models: [model],
          keep: 1,
          metricsPath: workshop.run.metricsPath,
          report: workshop.reporter.line,
        });
        const completedSteps = await checkpoints.restore();
        const tracker = workshop.tracker({ stage, totalSteps: pretrain.maxSteps, completedSteps, show: ['loss'] });
        const draw = createCorpusText({ documents, tasks, ...pretrain });
        const random = createRandom(seed).split(stage);
        await trainLanguageModel({
          model,
          maxSteps: pretrain.maxSteps,
          microBatchSize: 8,
          schedule: {
            learningRate: pretrain.learningRate,
            warmupSteps: pretrain.warmupSteps,
            lrSchedulerType: 'cosine',
            minLearningRateRatio: 0.05,
          },
          firstStep: completedSteps + 1,
          batch: (step) =>
            Array.from({ length: pretrain.batchSize }, (_, index) =>
              weightedRow({ tokenizer, segments: draw(random.split(step, index)), maxTokens: pretrain.maxLength }),
            ),
          onStep: async (step, metrics) => {
            tracker.log(metrics, step);
            if (step % 100 === 0 || workshop.signal?.aborted) await checkpoints.save(step);
          },
          ...(workshop.signal === undefined ? {} : { signal: workshop.signal }),
        });
        await tracker.finish();
        parameters = (await model.parameters()).slice();
        model.dispose();
      }
      await saveModel({ directory: join(target, 'model'), config, parameters, tokenizer });
      return null;
    },
  });
  if (skipped) workshop.reporter.stage(stage, 'already there');
  return stageModel(join(directory, 'model'));
}

/** Teaches a model on the episodes of the scripted expert; it becomes the teacher. */
export async function scriptedTeacherStage(options: {
  workshop: Workshop;
  playground: Playground;
  model: StageModel;
  /** Teaches adapters on the model's base. @default all weights are trained */
  lora?: LoraSettings;
  tasks: readonly Task[];
  settings: Recipe['teacher']['training'];
  seed: number;
}): Promise<StageModel> {
  const { workshop, playground, model, lora, tasks, settings, seed } = options;
  const { gradientCheckpointing: _, ...decisive } = settings;
  const stage = 'teacher';
  const { directory, skipped } = await runStage({
    runDirectory: workshop.run.path,
    name: stage,
    inputs: {
      model: model.key,
      ...(lora === undefined ? {} : { lora }),
      tasks,
      settings: decisive,
      seed,
      ...playgroundInputs(playground),
    },
    run: async ({ directory: target }) => {
      const episodes = await playEpisodes({
        ...playground,
        policy: 'expert',
        tasks,
        temperature: 0,
        seed,
        signal: workshop.signal,
      });
      const demonstrations = episodes.filter((episode) => episode.outcome.correct).map(demonstration);
      const imitation = { ...distillSchema.parse({ objective: 'sft', demonstrator: 'expert' }), ...settings };
      const maxSteps = distillationSteps(imitation, demonstrations.length);
      workshop.reporter.stage(stage, `${demonstrations.length} episodes of the scripted expert, ${maxSteps} updates`);
      const trained = await trainedStageModel({ workshop, model, lora, name: 'teacher', seed, weightDecay: 0.01 });
      const checkpoints = modelCheckpoints({
        directory: join(target, 'checkpoints'),
        config: { settings: decisive, seed },
        models: [trained],
        keep: 1,
        metricsPath: workshop.run.metricsPath,
        report: workshop.reporter.line,
      });
      const completedSteps = await checkpoints.restore();
      const tracker = workshop.tracker({ stage, totalSteps: maxSteps, completedSteps, show: ['loss'] });
      await trainDistillation({
        settings: imitation,
        pool: workshop.pool,
        student: trained,
        demonstrations,
        seed,
        firstStep: completedSteps + 1,
        onStep: async (step, metrics) => {
          tracker.log(metrics, step);
          if (step % 100 === 0 || workshop.signal?.aborted) await checkpoints.save(step);
        },
        signal: workshop.signal,
      });
      await tracker.finish();
      await saveStageModel({ directory: target, model, lora, parameters: (await trained.parameters()).slice() });
      trained.dispose();
      return null;
    },
  });
  if (skipped) workshop.reporter.stage(stage, 'already there');
  return savedStageModel({ directory, model, lora });
}
