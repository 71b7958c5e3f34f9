import { join } from 'node:path';
import { readTrajectories, type Task } from '@dgpo/trajectory';
import type { DistillSettings } from '../recipe/distill-section.js';
import { runStage } from '../run/run-stage.js';
import { coldStartSteps, trainColdStart } from '../train/cold-start.js';
import { type EpisodeRow, episodeRow } from '../train/episode-rows.js';
import { evaluateDuringTraining } from '../train/evaluate-during-training.js';
import { modelCheckpoints } from '../train/model-checkpoints.js';
import type { Playground } from '../train/play-episodes.js';
import { createTrainedModel } from '../train/trained-model.js';
import { playgroundInputs } from './playground-inputs.js';
import { saveAgent } from './save-agent.js';
import { type StageModel, shareModel, stageModel } from './stage-model.js';
import type { Workshop } from './workshop.js';

/** Reads episodes as training rows. */
async function readRows(path: string): Promise<EpisodeRow[]> {
  const rows: EpisodeRow[] = [];
  for await (const trajectory of readTrajectories(path)) rows.push(episodeRow(trajectory));
  return rows;
}

/** A stage of distillation, such as phase 1 of DGPO: the cold start on the teacher's correct episodes. */
export async function distillStage(options: {
  workshop: Workshop;
  name: string;
  student: StageModel;
  /** Not needed where only the tokens of the demonstrations are learned. */
  teacher: StageModel | undefined;
  outputs: { path: string; key: string };
  settings: DistillSettings;
  playground: Playground;
  /** For evaluations during the training. @default none: nothing is evaluated */
  validationTasks?: readonly Task[];
  seed: number;
}): Promise<StageModel> {
  const { workshop, student, teacher, outputs, settings, playground, validationTasks = [], seed, name } = options;
  const { directory, skipped } = await runStage({
    runDirectory: workshop.run.path,
    name,
    inputs: {
      student: student.key,
      teacher: teacher?.key,
      outputs: outputs.key,
      settings,
      seed,
      ...(settings.evalSteps > 0 ? { validationTasks, ...playgroundInputs(playground) } : {}),
    },
    run: async ({ directory: target }) => {
      const rows = await readRows(outputs.path);
      const maxSteps = coldStartSteps({ episodes: rows.length, ...settings });
      workshop.reporter.stage(name, `${rows.length} correct episodes, ${maxSteps} updates`);
      const guided = settings.objective === 'kd' && teacher !== undefined;
      if (guided) await shareModel(workshop, 'teacher', teacher.weights);
      const { config, parameters, tokenizer } = student.weights;
      const model = await createTrainedModel({
        pool: workshop.pool,
        name: 'student',
        config,
        parameters,
        weightDecay: 0.01,
        maxGradNorm: settings.maxGradNorm,
      });
      const checkpoints = modelCheckpoints({
        directory: join(target, 'checkpoints'),
        config: { settings, seed },
        models: [model],
        keep: 1,
        metricsPath: workshop.run.metricsPath,
        report: workshop.reporter.line,
      });
      const completedSteps = await checkpoints.restore();
      const tracker = workshop.tracker({ stage: name, totalSteps: maxSteps, completedSteps, show: ['loss', 'kl'] });
      await trainColdStart({
        student: model,
        ...(guided ? { teacher: 'teacher' } : {}),
        rows,
        numTrainEpochs: settings.numTrainEpochs,
        batchSize: settings.batchSize,
        microBatchSize: settings.microBatchSize,
        schedule: {
          learningRate: settings.learningRate,
          warmupSteps: settings.warmupSteps,
          lrSchedulerType: 'cosine',
        },
        ceWeight: settings.ceWeight,
        klWeight: guided ? settings.klWeight : 0,
        seed,
        firstStep: completedSteps + 1,
        onStep: async (step, metrics) => {
          const evaluation = await evaluateDuringTraining({
            playground,
            model: 'student',
            tasks: validationTasks,
            settings,
            step,
            maxSteps,
            seed,
          });
          tracker.log({ ...metrics, ...evaluation.metrics }, step);
          const { metric } = evaluation;
          if (step % 50 === 0 || metric !== undefined || workshop.signal?.aborted) {
            await checkpoints.save(step, { metric });
          }
        },
        signal: workshop.signal,
      });
      await tracker.finish();
      if (settings.loadBestModelAtEnd) await checkpoints.restoreBest();
      const trained = { config, parameters: (await model.parameters()).slice(), tokenizer };
      model.dispose();
      await saveAgent({ directory: join(target, 'model'), weights: trained, environment: playground.environment });
      return { steps: maxSteps };
    },
  });
  if (skipped) workshop.reporter.stage(name, 'already there');
  return stageModel(join(directory, 'model'));
}
