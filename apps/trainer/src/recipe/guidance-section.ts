import { checkKlForm } from '@dgpo/rl';
import { isDgpoError } from '@dgpo/trajectory';
import { z } from 'zod';
import { nonNegative } from './data-sections.js';

const controllerSchema = z.strictObject({
  type: z
    .enum(['fixed', 'adaptive'])
    .default('fixed')
    .describe('β stays, or is steered by the KL of gated episodes towards `targetKl`.'),
  targetKl: z.number().positive().default(0.1).describe('Nats per token to steer towards, with `type: adaptive`.'),
  horizon: z
    .number()
    .positive()
    .default(10000)
    .describe('Episodes over which an error of 100 % would double β, with `type: adaptive` (verl: 10000).'),
});

const guidanceObject = z.strictObject({
  gate: z
    .enum(['incorrect', 'always', 'never', 'groupAllFail', 'lowReward'])
    .default('incorrect')
    .describe(
      'Which episodes feel the reference: wrong ones (DGPO), all of them (uniform KL), none (plain PPO), those of questions that no ' +
        'episode of the group solves, or those with a reward below `threshold`.',
    ),
  threshold: z.number().optional().describe('With `gate: lowReward`; the released DGPO code takes 0.1.'),
  reference: z
    .enum(['teacher', 'initial'])
    .default('teacher')
    .describe(
      'Whom the episodes are pulled towards: the teacher (DGPO), or the student as the stage found it (PPO, GRPO).',
    ),
  beta: nonNegative()
    .default(0.001)
    .describe('Weight β of the guidance (DGPO: 0.001). Judge it by the logged product β·Σkl of gated episodes.'),
  estimator: z
    .enum(['k1', 'k2', 'k3', 'abs', 'full', 'topK'])
    .default('k1')
    .describe(
      'Estimator of the divergence per token (DGPO: k1); `full` sums over the vocabulary, `topK` over the most likely tokens of a ' +
        'teacher behind a server and one class for all others. Both need `form: loss`.',
    ),
  direction: z
    .enum(['reverse', 'forward'])
    .default('reverse')
    .describe('KL(student ‖ reference) or KL(reference ‖ student); the DGPO code uses reverse.'),
  form: z
    .enum(['reward', 'loss'])
    .default('reward')
    .describe('Subtract it from the reward of each token (DGPO) or add it to the policy loss.'),
  aggregation: z
    .enum(['sum', 'token-mean'])
    .default('sum')
    .describe('Over an episode: sum (DGPO), or mean over its tokens, which is neutral to length.'),
  importanceWeighted: z
    .boolean()
    .default(false)
    .describe(
      'Of a loss over sampled tokens: weighted by the policy ratio, so that k1 and k3 have the right gradient.',
    ),
  biased: z
    .boolean()
    .default(false)
    .describe('Allows a form whose gradient is not that of the KL asked for, as in a reference implementation.'),
  controller: controllerSchema.prefault({}).describe('What β does during the stage.'),
});

/** What checkKlForm says, as an issue of the schema. */
function klFormProblem(guidance: z.output<typeof guidanceObject>): { name: string; message: string } | undefined {
  try {
    checkKlForm(guidance);
  } catch (error) {
    if (!isDgpoError(error)) throw error;
    const name = error.where ?? 'estimator';
    return { name, message: error.message.slice(`${name}: `.length) };
  }
  return undefined;
}

export const guidanceSchema = guidanceObject.superRefine((guidance, context) => {
  const issue = (name: string, message: string) => context.addIssue({ code: 'custom', path: [name], message });
  if (guidance.gate === 'never') return;
  if (guidance.gate === 'lowReward' && guidance.threshold === undefined) {
    issue('threshold', 'is required with gate: lowReward');
  }
  if ((guidance.estimator === 'full' || guidance.estimator === 'topK') && guidance.form !== 'loss') {
    issue('estimator', `${guidance.estimator} needs form: loss; in the reward the sampled token does not change it`);
    return;
  }
  const problem = klFormProblem(guidance);
  if (problem !== undefined) issue(problem.name, problem.message);
});

/** How a reference guides reinforcement learning. */
export type Guidance = z.output<typeof guidanceSchema>;
