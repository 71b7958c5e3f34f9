import { ConfigError } from '@dgpo/trajectory';
import { type RlSettings, usesCritic } from '../recipe/rl-section.js';
import type { TrainedModel } from '../train/trained-model.js';
import { isServer, type ServerTeacher } from './server-teacher.js';
import { type StageModel, shareModel } from './stage-model.js';
import { type LoraSettings, trainedStageModel } from './trained-stage-model.js';
import type { Workshop } from './workshop.js';

/** What is trained in a stage of reinforcement learning: the student, and with PPO its critic, as they are before the first update. */
export async function policyModels(options: {
  workshop: Workshop;
  student: StageModel;
  lora?: LoraSettings;
  settings: RlSettings;
  seed: number;
}): Promise<{ student: TrainedModel; critic: TrainedModel | undefined; dispose: () => void }> {
  const { workshop, settings, lora, seed } = options;
  const shared = { workshop, model: options.student, lora, seed, maxGradNorm: settings.maxGradNorm };
  const student = await trainedStageModel({ ...shared, name: 'student' });
  const critic = usesCritic(settings)
    ? await trainedStageModel({ ...shared, name: 'critic', valueHead: true })
    : undefined;
  return {
    student,
    critic,
    dispose: () => {
      student.dispose();
      critic?.dispose();
    },
  };
}

/**
 * Puts the model that guides into the workers.
 *
 * @returns its name there, or the server that scores for it; undefined where nothing guides
 */
export async function shareReference(options: {
  workshop: Workshop;
  student: StageModel;
  teacher: StageModel | ServerTeacher | undefined;
  settings: RlSettings;
}): Promise<string | ServerTeacher | undefined> {
  const { workshop, student, teacher, settings } = options;
  const { gate, reference } = settings.guidance;
  if (gate === 'never') return undefined;
  const model = reference === 'teacher' ? teacher : student;
  if (model === undefined) throw new ConfigError('needs a teacher', { where: 'rl.guidance.reference' });
  if (isServer(model)) return model;
  await shareModel(workshop, reference, model);
  return reference;
}
