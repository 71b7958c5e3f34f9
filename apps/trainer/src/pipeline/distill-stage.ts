import { join } from 'node:path';
import { readTrajectories } from '@dgpo/trajectory';
import type { EnvironmentSettings } from '../compute/episodes-job.js';
import type { DistillSettings } from '../recipe/distill-section.js';
import { runStage } from '../run/run-stage.js';
import { coldStartSteps, trainColdStart } from '../train/cold-start.js';
import { type EpisodeRow, episodeRow } from '../train/episode-rows.js';
import { modelCheckpoints } from '../train/model-checkpoints.js';
import { createTrainedModel } from '../train/trained-model.js';
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
  environment: EnvironmentSettings;
  seed: number;
}): Promise<StageModel> {
  const { workshop, student, teacher, outputs, settings, seed, name } = options;
  const { directory, skipped } = await runStage({
    runDirectory: workshop.run.path,
    name,
    inputs: { student: student.key, teacher: teacher?.key, outputs: outputs.key, settings, seed },
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
          tracker.log(metrics, step);
          if (step % 50 === 0 || workshop.signal?.aborted) await checkpoints.save(step);
        },
        signal: workshop.signal,
      });
      await tracker.finish();
      const trained = { config, parameters: (await model.parameters()).slice(), tokenizer };
      model.dispose();
      await saveAgent({ directory: join(target, 'model'), weights: trained, environment: options.environment });
      return { steps: maxSteps };
    },
  });
  if (skipped) workshop.reporter.stage(name, 'already there');
  return stageModel(join(directory, 'model'));
}
