import { ConfigError } from '@dgpo/trajectory';
import type { ChainOfThoughtSettings } from '../compute/environment-settings.js';
import { usesDemonstrations } from '../recipe/distill-section.js';
import type { Stage } from '../recipe/recipe-schema.js';
import { collectStage, requireDemonstrations } from './collect-stage.js';
import { distillStage } from './distill-stage.js';
import { policyStage } from './policy-stage.js';
import type { ServerTeacher } from './server-teacher.js';
import type { StageModel } from './stage-model.js';
import { thoughtsStage } from './thoughts-stage.js';
import type { TrainingOptions } from './training-options.js';

/** Which stages need the teacher says {@link needsTeacher}. */
export interface TrainStageOptions extends TrainingOptions {
  stage: Stage;
  /** Of the folder of the demonstrations. @default by who plays them */
  outputsName?: string;
  /** How the demonstrator reasons without tools, for first-thought prefixes. */
  chainOfThought?: ChainOfThoughtSettings;
}

/** What a stage made. */
export interface TrainedStage extends StageModel {
  /** Why it stopped early. */
  collapsed?: string | null;
}

/** Whether a stage learns from a teacher. */
export function needsTeacher({ distill, rl }: Stage): boolean {
  if (distill !== undefined) return distill.objective !== 'sft' || distill.demonstrator === 'teacher';
  return rl !== undefined && rl.guidance.gate !== 'never' && rl.guidance.reference === 'teacher';
}

async function distil(options: TrainStageOptions): Promise<StageModel> {
  const { stage, outputsName, chainOfThought, ...given } = options;
  const { workshop, playground, teacher, seed } = given;
  const settings = stage.distill as NonNullable<Stage['distill']>;
  const tasks = given.tasks.slice(0, settings.numTasks);
  const train = (outputs: { path: string; key: string } | undefined) =>
    distillStage({ ...given, name: stage.name, tasks, settings, outputs });
  if (!usesDemonstrations(settings)) return train(undefined);
  const demonstrator = settings.demonstrator === 'expert' ? 'expert' : (teacher as StageModel | ServerTeacher);
  if (settings.firstThoughtPrefix && chainOfThought === undefined) {
    throw new ConfigError('needs the rules of a chain of thought', { where: 'distill.firstThoughtPrefix' });
  }
  const prefixes =
    settings.firstThoughtPrefix && chainOfThought !== undefined
      ? await thoughtsStage({
          workshop,
          playground,
          settings: { ...chainOfThought, maxTokensPerTurn: settings.maxThoughtTokens },
          teacher: demonstrator,
          tasks,
          batchSize: settings.rolloutBatchSize,
          seed,
        })
      : undefined;
  const outputs = await collectStage({
    workshop,
    playground,
    tasks,
    settings,
    prefixes,
    seed,
    teacher: demonstrator,
    ...(outputsName === undefined ? {} : { name: outputsName }),
  });
  const { correct, kept, samples } = outputs.statistics;
  workshop.reporter.line(
    `the ${settings.demonstrator} was right in ${correct} of ${samples} episodes, ${kept} are kept`,
  );
  requireDemonstrations(outputs.statistics, settings.demonstrator);
  return train(outputs);
}

/** One training of a recipe: distillation, with the collection of its demonstrations, or reinforcement learning. */
export async function trainStage(options: TrainStageOptions): Promise<TrainedStage> {
  const { stage, outputsName: _, chainOfThought: __, ...given } = options;
  const teacher = needsTeacher(stage) ? options.teacher : undefined;
  if (stage.distill !== undefined) return distil({ ...options, teacher });
  const settings = stage.rl as NonNullable<Stage['rl']>;
  return policyStage({ ...given, name: stage.name, teacher, settings });
}
