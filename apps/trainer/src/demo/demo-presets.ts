import { type DistillSettings, distillSchema } from '../recipe/distill-section.js';
import { type RlSettings, rlSchema } from '../recipe/rl-section.js';

export type DemoPreset = 'full' | 'quick';

/** What a preset trains and measures; everything else is the same. */
export interface DemoSettings {
  coldStart: DistillSettings;
  rl: RlSettings;
  /** Held-out questions of each set. */
  evaluationTasks: number;
  trainTasks: number;
}

const sizes = {
  full: { coldStartTasks: 1200, epochs: 4, updates: 60, tasksPerStep: 128, evaluationTasks: 200 },
  quick: { coldStartTasks: 1200, epochs: 4, updates: 6, tasksPerStep: 64, evaluationTasks: 60 },
};

/** The settings of a preset. They were chosen on seed 100, which no reported figure uses. */
export function demoSettings(preset: DemoPreset): DemoSettings {
  const size = sizes[preset];
  return {
    coldStart: distillSchema.parse({
      numTasks: size.coldStartTasks,
      samplesPerTask: 1,
      temperature: 1,
      numTrainEpochs: size.epochs,
      batchSize: 32,
      microBatchSize: 8,
      learningRate: 1.5e-3,
      warmupSteps: 10,
    }),
    rl: rlSchema.parse({
      algorithm: 'ppo',
      maxSteps: size.updates,
      tasksPerStep: size.tasksPerStep,
      miniBatchSize: size.tasksPerStep / 2,
      microBatchSize: 16,
      learningRate: 3e-4,
      criticLearningRate: 1e-3,
      warmupSteps: 2,
      guidance: {
        gate: 'incorrect',
        beta: 0.5,
        estimator: 'full',
        direction: 'reverse',
        form: 'loss',
        aggregation: 'token-mean',
      },
    }),
    evaluationTasks: size.evaluationTasks,
    trainTasks: 8000,
  };
}

/** The last training of the teacher: PPO without guidance, in small steps, since it starts from a good policy. */
export function teacherPpo(maxSteps: number): RlSettings {
  const { rl } = demoSettings('full');
  return { ...rl, maxSteps, learningRate: 1e-4, guidance: { ...rl.guidance, gate: 'never' } };
}

/** The methods that `--compare` adds, as changes of the second phase; all have the budget of DGPO. */
export function comparisons(rl: RlSettings): { name: string; from: 'base' | 'cold-start'; rl: RlSettings }[] {
  const unguided = { ...rl.guidance, gate: 'never' as const };
  return [
    { name: 'ppo-from-base', from: 'base', rl: { ...rl, guidance: unguided } },
    { name: 'cold-start-ppo', from: 'cold-start', rl: { ...rl, guidance: unguided } },
    { name: 'uniform-kl', from: 'cold-start', rl: { ...rl, guidance: { ...rl.guidance, gate: 'always' } } },
    {
      name: 'grpo',
      from: 'cold-start',
      rl: { ...rl, algorithm: 'grpo', numGenerations: 4, tasksPerStep: rl.tasksPerStep / 4 },
    },
    {
      name: 'dgpo-reference',
      from: 'cold-start',
      rl: {
        ...rl,
        guidance: {
          ...rl.guidance,
          beta: 0.001,
          estimator: 'k1',
          direction: 'reverse',
          form: 'reward',
          aggregation: 'sum',
        },
      },
    },
  ];
}
