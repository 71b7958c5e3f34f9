import { createDecoder, type DecoderConfig, getParameters } from '@dgpo/lm';
import { ConfigError } from '@dgpo/trajectory';
import { type RlSettings, usesCritic } from '../recipe/rl-section.js';
import { createTrainedModel, type TrainedModel } from '../train/trained-model.js';
import { type StageModel, shareModel } from './stage-model.js';
import type { Workshop } from './workshop.js';

/** The critic starts from the student's body with a value head of zeros (dgpo.py: initialised from the student path). */
async function criticParameters(config: DecoderConfig, student: Float32Array): Promise<Float32Array> {
  const decoder = createDecoder({ config, valueHead: true });
  const parameters = (await getParameters(decoder)).slice();
  decoder.dispose();
  parameters.set(student);
  return parameters;
}

/** What is trained in a stage of reinforcement learning: the student, and with PPO its critic, as they are before the first update. */
export async function policyModels(options: {
  workshop: Workshop;
  student: StageModel;
  settings: RlSettings;
}): Promise<{ student: TrainedModel; critic: TrainedModel | undefined; dispose: () => void }> {
  const { workshop, settings } = options;
  const { config, parameters } = options.student.weights;
  const shared = { pool: workshop.pool, config, maxGradNorm: settings.maxGradNorm };
  const student = await createTrainedModel({ ...shared, name: 'student', parameters });
  const critic = usesCritic(settings)
    ? await createTrainedModel({
        ...shared,
        name: 'critic',
        parameters: await criticParameters(config, parameters),
        valueHead: true,
      })
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
 * @returns its name there; undefined where nothing guides
 */
export async function shareReference(options: {
  workshop: Workshop;
  student: StageModel;
  teacher: StageModel | undefined;
  settings: RlSettings;
}): Promise<string | undefined> {
  const { workshop, student, teacher, settings } = options;
  const { gate, reference } = settings.guidance;
  if (gate === 'never') return undefined;
  const model = reference === 'teacher' ? teacher : student;
  if (model === undefined) throw new ConfigError('needs a teacher', { where: 'rl.guidance.reference' });
  await shareModel(workshop, reference, model.weights);
  return reference;
}
