import { z } from 'zod';
import { count, nonNegative } from './data-sections.js';
import { gradientCheckpointing, rolloutBatchSize } from './pass-fields.js';
import { checkTrainingEvaluation, trainingEvaluationFields } from './training-evaluation-fields.js';

const positive = () => z.number().positive();

const share = () => z.number().min(0).max(1);

const divergenceSchema = z.strictObject({
  name: z
    .enum(['fkl', 'rkl', 'js', 'skew-fkl', 'skew-rkl', 'tvd', 'adaptive-kl'])
    .default('fkl')
    .describe(
      '`fkl` is KL(teacher ‖ student), `rkl` KL(student ‖ teacher), `js` the generalised Jensen-Shannon divergence (GKD), ' +
        '`skew-fkl` and `skew-rkl` are those of DistiLLM, `tvd` the total variation, `adaptive-kl` mixes `fkl` and `rkl`.',
    ),
  beta: share().default(0.1).describe('Weight of the teacher in the mixture of `js`; `fkl` at 0, `rkl` at 1.'),
  lambda: z.number().min(0).lt(1).default(0.1).describe('Skew of `skew-fkl` and `skew-rkl` (DistiLLM: 0.1).'),
  headThreshold: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.5)
    .describe('Probability of the teacher’s head, which `adaptive-kl` learns by `fkl`.'),
  temperature: positive().default(1).describe('Divides the logits of both models.'),
});

const onPolicySchema = z.strictObject({
  fraction: share()
    .default(0.5)
    .describe(
      'With `gkd`: share of the episodes that the student plays itself, in the environment, right or wrong; at 1 there are no demonstrations.',
    ),
  temperature: nonNegative().default(1).describe('Sampling temperature of the student; 0 is greedy.'),
});

const taidSchema = z.strictObject({
  tStart: z.number().min(0).lt(1).default(0.4).describe('Weight of the teacher in the target at the beginning.'),
  tEnd: z.number().gt(0).max(1).default(1).describe('Weight of the teacher that is never exceeded.'),
  alpha: share().default(5e-4).describe('Largest step of the weight.'),
  beta: z.number().min(0).lt(1).default(0.99).describe('Momentum of the signal.'),
  adaptive: z.boolean().default(true).describe('Whether the weight may run ahead of the straight line.'),
});

const distillmSchema = z.strictObject({
  threshold: share().default(0).describe('Share of updates on what the student wrote, to begin with.'),
  lossEps: nonNegative()
    .default(0.1)
    .describe(
      'By how much the validation loss must have risen for that share to grow (DistiLLM: 0.1, TAID’s code: 0).',
    ),
  replayRatio: z
    .enum(['constant', 'increasing', 'decreasing'])
    .default('decreasing')
    .describe('How the part of that share that is played anew moves through the training; the rest is replayed.'),
  replayCapacity: count()
    .default(1000)
    .describe('Student episodes to keep for replay; until there are as many, all are new.'),
});

export const distillSchema = z
  .strictObject({
    objective: z
      .enum(['kd', 'sft', 'gkd', 'distillm', 'taid', 'minillm', 'opd'])
      .default('kd')
      .describe(
        'What is learned: `sft`, the tokens of the demonstrations; `kd`, also the distributions of the teacher; `gkd`, the distributions, ' +
          'partly on episodes of the student; `distillm`, the same with an adaptive share and replay; `taid`, the distributions of a target that ' +
          'moves from student to teacher; `minillm`, the reverse KL of whole episodes by policy gradient; `opd`, that of each sampled token.',
      ),
    demonstrator: z
      .enum(['teacher', 'expert', 'self', 'hinted'])
      .default('teacher')
      .describe(
        'Whose episodes: the teacher’s; those of the expert that is scripted from golden answers; those of the model itself, as it is ' +
          'before the stage (`self`); or the same with hints from its failures in the prompt, which are then taken out (`hinted`).',
      ),
    divergence: divergenceSchema.prefault({}).describe('Between teacher and student, per token.'),
    onPolicy: onPolicySchema.prefault({}).describe('Episodes that the student plays itself during the training.'),
    taid: taidSchema.prefault({}).describe('Schedule of the target, with `objective: taid`.'),
    distillm: distillmSchema.prefault({}).describe('Schedule of the data, with `objective: distillm`.'),
    numTasks: count().default(1000).describe('Training questions that are used.'),
    samplesPerTask: count().default(1).describe('Demonstrations per question; only correct ones are learned from.'),
    temperature: nonNegative().default(1).describe('Sampling temperature of the teacher; 0 is greedy.'),
    maxEpisodes: count().default(20000).describe('Correct demonstrations to keep at most.'),
    maxPerTask: count().optional().describe('Correct demonstrations to keep of one question at most.'),
    dedupe: z
      .boolean()
      .default(true)
      .describe('Keep one of several demonstrations of a question with the same tokens.'),
    requireValidActions: z
      .boolean()
      .default(false)
      .describe('Leave out demonstrations with an action that the environment could not read.'),
    filter: z
      .enum(['correct', 'agent'])
      .default('correct')
      .describe(
        'Which demonstrations are learned from: `correct` ones, or those of `agent` distillation, also without an action that could not be ' +
          'read and without an answer forced by a limit; code that failed and was mended stays.',
      ),
    maxTurns: count()
      .optional()
      .describe('With `filter: agent`: an answer in a later turn counts as forced; without it only limits force one.'),
    firstThoughtPrefix: z
      .boolean()
      .default(false)
      .describe(
        'Begin the first thought of each demonstration with the first step of a chain of thought, which the demonstrator gives beforehand ' +
          'without tools (agent distillation).',
      ),
    maxThoughtTokens: count().default(256).describe('Tokens of such a chain of thought (agent distillation: 4096).'),
    numTrainEpochs: count().default(5).describe('Passes over the kept demonstrations (DGPO: 5).'),
    maxSteps: count()
      .default(200)
      .describe('Updates where the student plays every episode; elsewhere they follow from `numTrainEpochs`.'),
    batchSize: count().default(32).describe('Episodes per optimiser step.'),
    microBatchSize: count()
      .default(8)
      .describe('Episodes per forward and backward pass; it does not change the result.'),
    gradientCheckpointing: gradientCheckpointing(),
    rolloutBatchSize: rolloutBatchSize(),
    learningRate: positive().default(1e-3).describe('Peak learning rate of AdamW, decayed to 0 by a cosine.'),
    warmupSteps: count(0).default(20).describe('Steps of linear warm-up.'),
    maxGradNorm: positive().default(1).describe('Gradient norm to clip at.'),
    ceWeight: nonNegative()
      .default(1)
      .describe('With `kd`: weight of the cross-entropy on the teacher’s tokens (DGPO: 1).'),
    klWeight: nonNegative()
      .default(1)
      .describe('With `kd`: weight λ of the divergence from the teacher on the same tokens (DGPO: 1).'),
    validationEpisodes: count()
      .default(32)
      .describe(
        'With `distillm`: demonstrations held out for the validation loss, with all others of their questions.',
      ),
    validationSteps: count(0)
      .default(0)
      .describe('With `distillm`: updates between validations; 0 validates twice an epoch (DistiLLM).'),
    saveSteps: count().default(50).describe('Updates between checkpoints.'),
    saveTotalLimit: count().default(1).describe('Checkpoints to keep.'),
    ...trainingEvaluationFields,
  })
  .superRefine((distill, context) => {
    checkTrainingEvaluation(distill, context);
    const issue = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
    const { objective, batchSize, taid } = distill;
    if (batchSize % distill.microBatchSize !== 0) {
      issue(['microBatchSize'], `must divide batchSize (${batchSize}), got ${distill.microBatchSize}`);
    }
    if (objective === 'kd' && distill.ceWeight + distill.klWeight === 0) {
      issue(['ceWeight'], 'and klWeight are both 0: nothing would be learned');
    }
    if ((objective === 'minillm' || objective === 'opd') && distill.onPolicy.temperature === 0) {
      issue(
        ['onPolicy', 'temperature'],
        `must be above 0 with objective: ${objective}, which learns from its own samples`,
      );
    }
    if (objective === 'taid' && taid.tEnd < taid.tStart) {
      issue(['taid', 'tEnd'], `must be at least tStart (${taid.tStart}), got ${taid.tEnd}`);
    }
    if (objective === 'distillm' && distill.distillm.replayCapacity < batchSize) {
      issue(['distillm', 'replayCapacity'], `must be at least batchSize (${batchSize}), or nothing could be replayed`);
    }
  });

/** Settings of a stage of distillation. */
export type DistillSettings = z.output<typeof distillSchema>;

/** Whether a stage learns from demonstrations; otherwise the student plays every episode itself. */
export function usesDemonstrations({ objective, onPolicy }: Pick<DistillSettings, 'objective' | 'onPolicy'>): boolean {
  if (objective === 'gkd') return onPolicy.fraction < 1;
  return objective !== 'minillm' && objective !== 'opd';
}

/** Whether the student plays episodes in the course of the training. */
export function playsEpisodes({ objective, onPolicy }: Pick<DistillSettings, 'objective' | 'onPolicy'>): boolean {
  if (objective === 'gkd') return onPolicy.fraction > 0;
  return objective === 'minillm' || objective === 'opd' || objective === 'distillm';
}
