import { ConfigError } from '@dgpo/trajectory';
import { type ChainOfThoughtSettings, isTextWorld } from '../compute/environment-settings.js';
import { type HintedModel, ownDemonstrations } from '../hints/own-demonstrations.js';
import { usesDemonstrations } from '../recipe/distill-section.js';
import { type HintSettings, hintsSchema } from '../recipe/hints-section.js';
import { needsTeacher } from '../recipe/needs-teacher.js';
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
  /** Of the model where the stage starts, for the folders of what it plays. @default 'base' */
  studentName?: string;
  /** With demonstrations of the student itself. @default those of a recipe without the section */
  hints?: HintSettings;
  /** Of the folder of the demonstrations. @default by who plays them */
  outputsName?: string;
  /** How the demonstrator reasons without tools, for first-thought prefixes. */
  chainOfThought?: ChainOfThoughtSettings;
}

/** What a stage made. */
export interface TrainedStage extends StageModel {
  /** Why it stopped early. */
  collapsed?: string | null;
  /** Where a baseline had nothing to learn: why. The model is the one that it would have started from. */
  leftOut?: string;
  /** Whose hints it learned from. */
  hinted?: HintedModel;
}

interface Outputs {
  path: string;
  key: string;
}

/** Training on what the student itself did in a text world, with or without hints. */
async function distilSelf(
  options: TrainStageOptions,
  train: (outputs: Outputs) => Promise<StageModel>,
): Promise<TrainedStage> {
  const { workshop, stage, playground, student, studentName = 'base', seed, hints = hintsSchema.parse({}) } = options;
  const settings = stage.distill as NonNullable<Stage['distill']>;
  const { episodes, hinted, problem } = await ownDemonstrations({
    workshop,
    playground,
    settings,
    hints,
    seed,
    policy: student,
    policyName: studentName,
    tasks: options.tasks.slice(0, settings.numTasks),
  });
  const model = hinted === undefined ? {} : { hinted };
  if (problem === undefined) return { ...(await train(episodes)), ...model };
  if (!stage.baseline) {
    throw new ConfigError(
      `${problem}, so there is nothing to learn; take a better base, more training tasks, or samples at a temperature above 0`,
      { where: `stage ${stage.name}` },
    );
  }
  return { ...student, ...model, leftOut: problem };
}

async function distil(options: TrainStageOptions): Promise<TrainedStage> {
  const { stage, outputsName, studentName = 'base', chainOfThought, hints: _, ...given } = options;
  const { workshop, playground, student, teacher, seed } = given;
  const settings = stage.distill as NonNullable<Stage['distill']>;
  const tasks = given.tasks.slice(0, settings.numTasks);
  const train = (outputs: Outputs | undefined) =>
    distillStage({ ...given, name: stage.name, tasks, settings, outputs });
  if (!usesDemonstrations(settings)) return train(undefined);
  const { demonstrator: who } = settings;
  if (who === 'hinted' || (who === 'self' && isTextWorld(playground.environment))) return distilSelf(options, train);
  const isSelf = who === 'self';
  const name = outputsName ?? (isSelf ? `${studentName}-successes` : undefined);
  const demonstrator = who === 'expert' ? who : isSelf ? student : (teacher as StageModel | ServerTeacher);
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
    ...(name === undefined ? {} : { name }),
  });
  const { correct, kept, samples } = outputs.statistics;
  const shown = isSelf ? 'student' : who;
  workshop.reporter.line(`the ${shown} was right in ${correct} of ${samples} episodes, ${kept} are kept`);
  requireDemonstrations(outputs.statistics, shown);
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
