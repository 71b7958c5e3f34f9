import { z } from 'zod';
import { collapseSchema } from './collapse-section.js';
import { count, nonNegative } from './data-sections.js';
import { guidanceSchema } from './guidance-section.js';
import { gradientCheckpointing, rolloutBatchSize } from './pass-fields.js';
import { overlongSchema, policyLossSchema, samplerCorrectionSchema } from './policy-loss-section.js';
import { checkTrainingEvaluation, trainingEvaluationFields } from './training-evaluation-fields.js';

const positive = () => z.number().positive();

/** Algorithms whose baseline is made of the other episodes of a task. */
const groupAlgorithms = ['grpo', 'dr-grpo', 'rloo', 'reinforce-plus-plus-baseline'] as const;

export const rlSchema = z
  .strictObject({
    algorithm: z
      .enum(['ppo', ...groupAlgorithms, 'reinforce-plus-plus', 'remax'])
      .default('ppo')
      .describe(
        'How advantages are made: PPO with a critic; GRPO, Dr. GRPO, RLOO and REINFORCE++ with baseline from the group; REINFORCE++ from ' +
          'the batch; ReMax from a greedy episode.',
      ),
    maxSteps: count(0).default(200).describe('Updates: one rollout batch each (DGPO: 1000).'),
    tasksPerStep: count().default(64).describe('Questions per update (DGPO: 512).'),
    numGenerations: count().default(1).describe('Episodes per question (PPO: 1; Search-R1 with GRPO: 5).'),
    temperature: positive().default(1).describe('Sampling temperature of rollouts.'),
    filterGroups: z
      .boolean()
      .default(false)
      .describe(
        'Whether questions whose episodes all have the same reward are replaced by others (dynamic sampling, DAPO).',
      ),
    maxNumGenBatches: count()
      .default(3)
      .describe('Rollout batches of an update at most, with `filterGroups`; then it goes on with what there is.'),
    maxStaleness: count(0)
      .max(1)
      .default(0)
      .describe(
        '1 plays the episodes of the next update while this one is applied, with weights that are one update old.',
      ),
    learningRate: positive().default(2e-4).describe('Learning rate of the policy (DGPO at 0.5 B: 1e-6).'),
    criticLearningRate: positive().default(1e-3).describe('Learning rate of the critic (DGPO at 0.5 B: 1e-5).'),
    ppoEpochs: count().default(1).describe('Passes over a rollout batch.'),
    miniBatchSize: count().default(32).describe('Episodes per optimiser step (DGPO: 256).'),
    microBatchSize: count()
      .default(8)
      .describe('Episodes per forward and backward pass; it does not change the result.'),
    gradientCheckpointing: gradientCheckpointing(),
    rolloutBatchSize: rolloutBatchSize(),
    clipRatio: positive().max(1).default(0.2).describe('ε of the clipped policy ratio.'),
    policyLoss: policyLossSchema.prefault({}).describe('The policy loss.'),
    valueClipRange: positive().default(0.5).describe('How far a new value may move from the old one.'),
    gamma: z.number().min(0).max(1).default(1).describe('Discount γ, of PPO and REINFORCE++.'),
    lambda: z.number().min(0).max(1).default(1).describe('λ of generalised advantage estimation.'),
    gaeMode: z
      .enum(['skip-observations', 'legacy'])
      .default('skip-observations')
      .describe(
        'GAE from one token of the policy to the next, or over retrieved tokens too as in the released DGPO code.',
      ),
    entropyCoefficient: nonNegative().default(0.001).describe('Weight of the entropy bonus.'),
    lldsCoefficient: nonNegative()
      .default(0)
      .describe('Weight of the loss against lazy likelihood displacement (LLDS: 0.2); 0 is off.'),
    overlong: overlongSchema.prefault({}).describe('Episodes at the length limit.'),
    maxGradNorm: positive().default(1).describe('Gradient norm to clip at, for policy and critic.'),
    warmupSteps: count(0).default(5).describe('Updates of linear warm-up of the policy (DGPO: 285 of 1000).'),
    criticWarmupSteps: count(0).default(0).describe('First updates in which only the critic learns.'),
    guidance: guidanceSchema.prefault({}).describe('Guidance by the teacher, or by the student of the start.'),
    recomputeOldLogProbs: z
      .boolean()
      .default(false)
      .describe(
        'Whether the old log-probabilities come from the trainer, not from the sampler; always so with maxStaleness above 0 and where ' +
          '`samplerCorrection` has something to correct.',
      ),
    samplerCorrection: samplerCorrectionSchema
      .prefault({})
      .describe('Against a difference between sampler and trainer.'),
    collapse: collapseSchema.prefault({}).describe('When the policy falls apart.'),
    maxSkippedUpdates: count()
      .default(5)
      .describe('Optimiser steps in a row whose loss or gradient is not finite after which the stage fails.'),
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
    if (usesGroups(rl.algorithm) && rl.numGenerations < 2) {
      issue('numGenerations', `must be at least 2 with algorithm: ${rl.algorithm}, whose baseline is made of a group`);
    }
    if (rl.filterGroups && rl.numGenerations < 2) {
      issue('filterGroups', 'needs numGenerations of at least 2: a question with one episode has nothing to compare');
    }
    if (rl.filterGroups && rl.guidance.gate === 'groupAllFail') {
      issue(
        'filterGroups',
        'takes away the questions that no episode solves, which guidance.gate: groupAllFail is for',
      );
    }
  });

/** Settings of a stage of reinforcement learning. */
export type RlSettings = z.output<typeof rlSchema>;

/** Whether the baseline is made of the other episodes of a task. */
function usesGroups(algorithm: string): boolean {
  return (groupAlgorithms as readonly string[]).includes(algorithm);
}

/** Whether a critic is trained beside the policy. */
export function usesCritic({ algorithm }: Pick<RlSettings, 'algorithm'>): boolean {
  return algorithm === 'ppo';
}

/** Whether episodes are pulled towards a reference. */
export function isGuided({ guidance }: Pick<RlSettings, 'guidance'>): boolean {
  return guidance.gate !== 'never' && guidance.beta > 0;
}
