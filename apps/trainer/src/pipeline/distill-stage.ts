import { join } from 'node:path';
import { isDgpoError } from '@dgpo/trajectory';
import { requireSameVocabulary } from '../compute/require-same-vocabulary.js';
import { type DistillSettings, playsEpisodes, usesDemonstrations } from '../recipe/distill-section.js';
import { runStage } from '../run/run-stage.js';
import { type Demonstration, holdOut, readDemonstrations } from '../train/distillation/demonstrations.js';
import { createDistillationState } from '../train/distillation/distillation-state.js';
import { distillationSteps, trainDistillation } from '../train/distillation/train-distillation.js';
import { evaluateDuringTraining } from '../train/evaluate-during-training.js';
import { modelCheckpoints } from '../train/model-checkpoints.js';
import { playgroundInputs } from './playground-inputs.js';
import { isServer } from './server-teacher.js';
import { type StageModel, shareModel } from './stage-model.js';
import { savedStageModel, saveStageModel, trainedStageModel } from './trained-stage-model.js';
import type { TrainingOptions } from './training-options.js';

/**
 * The teacher is not needed where only the tokens of the demonstrations are learned; one behind a server is for these, and for `opd`. The
 * student plays the tasks, where it plays every episode.
 */
export interface DistillStageOptions extends TrainingOptions {
  name: string;
  /** Demonstrations; not needed where the student plays every episode. */
  outputs: { path: string; key: string } | undefined;
  settings: DistillSettings;
}

/** Demonstrations to train on, and those held out. */
async function readData({ outputs, settings }: DistillStageOptions) {
  const rows: Demonstration[] = outputs === undefined ? [] : await readDemonstrations(outputs.path);
  if (settings.objective !== 'distillm') return { training: rows, validation: [] };
  return holdOut(rows, settings.validationEpisodes);
}

/** What a stage is about, in a few words. */
function describeStage({ settings, tasks }: DistillStageOptions, episodes: number, steps: number): string {
  if (usesDemonstrations(settings)) return `${episodes} correct episodes, ${steps} updates`;
  return `${steps} updates of ${settings.batchSize} episodes of the student on ${tasks.length} questions`;
}

/** How episodes are played and passes are run changes nothing. */
const decisive = ({ rolloutBatchSize: _, gradientCheckpointing: __, ...others }: DistillSettings) => others;

/** A stage of distillation, such as phase 1 of DGPO: the cold start on the teacher's correct episodes. */
export async function distillStage(options: DistillStageOptions): Promise<StageModel> {
  const {
    workshop,
    playground,
    student,
    lora,
    teacher,
    outputs,
    tasks,
    settings,
    validationTasks = [],
    seed,
    name,
  } = options;
  const plays = playsEpisodes(settings);
  const { directory, skipped } = await runStage({
    runDirectory: workshop.run.path,
    name,
    inputs: {
      student: student.key,
      ...(lora === undefined ? {} : { lora }),
      teacher: teacher?.key,
      outputs: outputs?.key,
      settings: decisive(settings),
      seed,
      ...(plays ? { tasks: outputs === undefined ? tasks : undefined } : {}),
      ...(settings.evalSteps > 0 ? { validationTasks } : {}),
      ...(plays || settings.evalSteps > 0 ? playgroundInputs(playground) : {}),
    },
    run: async ({ directory: target }) => {
      const { training, validation } = await readData(options);
      const maxSteps = distillationSteps(settings, training.length);
      workshop.reporter.stage(name, describeStage(options, training.length, maxSteps));
      const remote = teacher !== undefined && isServer(teacher) ? teacher : undefined;
      const taught = settings.objective !== 'sft' && teacher !== undefined && !isServer(teacher);
      if (taught) {
        requireSameVocabulary({ student: student.weights.config, teacher: teacher.weights.config });
        await shareModel(workshop, 'teacher', teacher);
      }
      const model = await trainedStageModel({
        workshop,
        model: student,
        lora,
        name: 'student',
        seed,
        weightDecay: 0.01,
        maxGradNorm: settings.maxGradNorm,
      });
      const state = createDistillationState({ settings, totalSteps: maxSteps, seed });
      const checkpoints = modelCheckpoints({
        directory: join(target, 'checkpoints'),
        config: { settings: decisive(settings), seed },
        models: [model],
        extras: state.extras,
        keep: settings.saveTotalLimit,
        metricsPath: workshop.run.metricsPath,
        report: workshop.reporter.line,
      });
      const completedSteps = await checkpoints.restore();
      const show = ['loss', 'kl', ...(plays ? ['correct', 'valid_action_rate'] : [])];
      const tracker = workshop.tracker({ stage: name, totalSteps: maxSteps, completedSteps, show });
      let steps = completedSteps;
      let saved = completedSteps;
      const distillation = trainDistillation({
        settings,
        pool: workshop.pool,
        student: model,
        ...(taught ? { teacher: 'teacher' } : {}),
        ...(remote === undefined ? {} : { scoreTeacher: remote.scoreRows }),
        demonstrations: training,
        validation,
        tasks,
        ...(plays ? { playground } : {}),
        seed,
        state,
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
          steps = step;
          const { metric } = evaluation;
          if (step % settings.saveSteps === 0 || metric !== undefined || workshop.signal?.aborted) {
            await checkpoints.save(step, { metric });
            saved = step;
          }
        },
        signal: workshop.signal,
      });
      await distillation.catch(async (error: unknown) => {
        // An interrupt and a search engine out of order end the episodes of the next update; everything is still that of the last.
        const endedEpisodes = workshop.signal?.aborted || (isDgpoError(error) && error.code === 'RETRIEVER_ERROR');
        if (endedEpisodes && steps > saved) await checkpoints.save(steps);
        throw error;
      });
      await tracker.finish();
      if (settings.loadBestModelAtEnd) await checkpoints.restoreBest();
      const parameters = (await model.parameters()).slice();
      model.dispose();
      const { environment } = playground;
      await saveStageModel({ directory: target, model: student, lora, parameters, environment });
      return { steps: maxSteps };
    },
  });
  if (skipped) workshop.reporter.stage(name, 'already there');
  return savedStageModel({ directory, model: student, lora });
}
