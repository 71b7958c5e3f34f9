import { z } from 'zod';
import { count, nonNegative } from './data-sections.js';
import { checkTrainingEvaluation, trainingEvaluationFields } from './training-evaluation-fields.js';

const positive = () => z.number().positive();

const guidanceSchema = z
  .strictObject({
    gate: z
      .enum(['incorrect', 'always', 'never'])
      .default('incorrect')
      .describe('Which episodes feel the teacher: wrong ones (DGPO), all of them (uniform KL), or none (plain PPO).'),
    beta: nonNegative()
      .default(0.001)
      .describe('Weight β of the guidance (DGPO: 0.001). Judge it by the logged product β·Σkl of gated episodes.'),
    estimator: z
      .enum(['k1', 'k2', 'k3', 'abs', 'full'])
      .default('k1')
      .describe(
        'Estimator of the divergence per token (DGPO: k1); `full` sums over the vocabulary and needs `form: loss`.',
      ),
    direction: z
      .enum(['reverse', 'forward'])
      .default('reverse')
      .describe('KL(student ‖ teacher) or KL(teacher ‖ student); the DGPO code uses reverse.'),
    form: z
      .enum(['reward', 'loss'])
      .default('reward')
      .describe('Subtract it from the reward of each token (DGPO) or add it to the policy loss.'),
    aggregation: z
      .enum(['sum', 'token-mean'])
      .default('sum')
      .describe('Over an episode: sum (DGPO), or mean over its tokens, which is neutral to length.'),
  })
  .superRefine((guidance, context) => {
    if (guidance.estimator === 'full' && guidance.form !== 'loss') {
      context.addIssue({ code: 'custom', path: ['estimator'], message: 'full needs form: loss' });
    }
    if (guidance.form === 'reward' && guidance.direction === 'forward' && guidance.gate !== 'never') {
      context.addIssue({
        code: 'custom',
        path: ['direction'],
        message: 'forward needs form: loss (as a reward on student samples it would push away from the teacher)',
      });
    }
  });

export const rlSchema = z
  .strictObject({
    algorithm: z.enum(['ppo', 'grpo']).default('ppo').describe('PPO with a critic, or GRPO with group baselines.'),
    maxSteps: count(0).default(200).describe('Updates: one rollout batch each (DGPO: 1000).'),
    tasksPerStep: count().default(64).describe('Questions per update (DGPO: 512).'),
    numGenerations: count().default(1).describe('Episodes per question (PPO: 1; Search-R1 with GRPO: 5).'),
    temperature: positive().default(1).describe('Sampling temperature of rollouts.'),
    learningRate: positive().default(2e-4).describe('Learning rate of the policy (DGPO at 0.5 B: 1e-6).'),
    criticLearningRate: positive().default(1e-3).describe('Learning rate of the critic (DGPO at 0.5 B: 1e-5).'),
    ppoEpochs: count().default(1).describe('Passes over a rollout batch.'),
    miniBatchSize: count().default(32).describe('Episodes per optimiser step (DGPO: 256).'),
    microBatchSize: count()
      .default(8)
      .describe('Episodes per forward and backward pass; it does not change the result.'),
    clipRatio: positive().max(1).default(0.2).describe('ε of the clipped policy ratio.'),
    valueClipRange: positive().default(0.5).describe('How far a new value may move from the old one.'),
    gamma: z.number().min(0).max(1).default(1).describe('Discount γ.'),
    lambda: z.number().min(0).max(1).default(1).describe('λ of generalised advantage estimation.'),
    entropyCoefficient: nonNegative().default(0.001).describe('Weight of the entropy bonus.'),
    maxGradNorm: positive().default(1).describe('Gradient norm to clip at, for policy and critic.'),
    warmupSteps: count(0).default(5).describe('Updates of linear warm-up of the policy (DGPO: 285 of 1000).'),
    criticWarmupSteps: count(0).default(0).describe('First updates in which only the critic learns.'),
    guidance: guidanceSchema.prefault({}).describe('Guidance by the teacher.'),
    saveSteps: count().default(10).describe('Updates between checkpoints.'),
    saveTotalLimit: count().default(2).describe('Checkpoints to keep.'),
    ...trainingEvaluationFields,
  })
  .superRefine((rl, context) => {
    checkTrainingEvaluation(rl, context);
    const issue = (name: string, message: string) => context.addIssue({ code: 'custom', path: [name], message });
    const episodes = rl.tasksPerStep * rl.numGenerations;
    if (rl.miniBatchSize > episodes) {
      issue('miniBatchSize', `cannot exceed tasksPerStep x numGenerations (${episodes}), got ${rl.miniBatchSize}`);
    } else if (episodes % rl.miniBatchSize !== 0) {
      issue('miniBatchSize', `must divide tasksPerStep x numGenerations (${episodes}), got ${rl.miniBatchSize}`);
    }
    if (rl.miniBatchSize % rl.microBatchSize !== 0) {
      issue('microBatchSize', `must divide miniBatchSize (${rl.miniBatchSize}), got ${rl.microBatchSize}`);
    }
    if (rl.algorithm === 'grpo' && rl.numGenerations < 2) {
      issue('numGenerations', 'must be at least 2 with algorithm: grpo, whose baseline is the mean of a group');
    }
  });

/** Settings of a stage of reinforcement learning. */
export type RlSettings = z.output<typeof rlSchema>;
