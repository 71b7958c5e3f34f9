import type { Task } from '@dgpo/trajectory';
import type { Playground } from '../train/play-episodes.js';
import type { ServerTeacher } from './server-teacher.js';
import type { StageModel } from './stage-model.js';
import type { LoraSettings } from './trained-stage-model.js';
import type { Workshop } from './workshop.js';

/** What every stage that trains the student is given. */
export interface TrainingOptions {
  workshop: Workshop;
  playground: Playground;
  /** Where the stage starts. */
  student: StageModel;
  /** Trains adapters on the student's base, of the critic too. @default all weights are trained */
  lora?: LoraSettings;
  /** Undefined for stages that need none. */
  teacher: StageModel | ServerTeacher | undefined;
  tasks: readonly Task[];
  /** For evaluations during the training. @default none: nothing is evaluated */
  validationTasks?: readonly Task[];
  seed: number;
}
