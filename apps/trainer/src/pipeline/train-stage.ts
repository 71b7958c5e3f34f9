import type { Task } from '@dgpo/trajectory';
import { usesDemonstrations } from '../recipe/distill-section.js';
import type { Stage } from '../recipe/recipe-schema.js';
import type { Playground } from '../train/play-episodes.js';
import { collectStage, requireDemonstrations } from './collect-stage.js';
import { distillStage } from './distill-stage.js';
import { policyStage } from './policy-stage.js';
import type { ServerTeacher } from './server-teacher.js';
import type { StageModel } from './stage-model.js';
import type { LoraSettings } from './trained-stage-model.js';
import type { Workshop } from './workshop.js';

export interface TrainStageOptions {
  workshop: Workshop;
  stage: Stage;
  playground: Playground;
  /** Where the stage starts. */
  student: StageModel;
  /** Trains adapters on the student's base. @default all weights are trained */
  lora?: LoraSettings;
  /** Undefined for stages that need none, see {@link needsTeacher}. */
  teacher: StageModel | ServerTeacher | undefined;
  tasks: readonly Task[];
  /** For evaluations during the training. @default none: nothing is evaluated */
  validationTasks?: readonly Task[];
  seed: number;
  /** Of the folder of the demonstrations. @default by who plays them */
  outputsName?: string;
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
  const { workshop, stage, playground, student, lora, teacher, seed, outputsName } = options;
  const settings = stage.distill as NonNullable<Stage['distill']>;
  const tasks = options.tasks.slice(0, settings.numTasks);
  const shared = { workshop, playground, tasks, settings, seed };
  const { validationTasks } = options;
  const validation = validationTasks === undefined ? {} : { validationTasks };
  const train = (outputs: { path: string; key: string } | undefined) =>
    distillStage({ ...shared, ...validation, name: stage.name, student, lora, teacher, outputs });
  if (!usesDemonstrations(settings)) return train(undefined);
  const demonstrator = settings.demonstrator === 'expert' ? 'expert' : (teacher as StageModel | ServerTeacher);
  const outputs = await collectStage({
    ...shared,
    teacher: demonstrator,
    ...(outputsName === undefined ? {} : { name: outputsName }),
  });
  const { correct, samples } = outputs.statistics;
  workshop.reporter.line(`the ${settings.demonstrator} was right in ${correct} of ${samples} episodes`);
  requireDemonstrations(outputs.statistics, settings.demonstrator);
  return train(outputs);
}

/** One training of a recipe: distillation, with the collection of its demonstrations, or reinforcement learning. */
export async function trainStage(options: TrainStageOptions): Promise<TrainedStage> {
  const { workshop, stage, playground, student, lora, tasks, seed } = options;
  const teacher = needsTeacher(stage) ? options.teacher : undefined;
  if (stage.distill !== undefined) return distil({ ...options, teacher });
  const settings = stage.rl as NonNullable<Stage['rl']>;
  const { validationTasks } = options;
  const validation = validationTasks === undefined ? {} : { validationTasks };
  return policyStage({
    workshop,
    name: stage.name,
    playground,
    student,
    lora,
    teacher,
    tasks,
    settings,
    seed,
    ...validation,
  });
}
