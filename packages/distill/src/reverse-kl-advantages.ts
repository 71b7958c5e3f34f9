import { ConfigError } from '@dgpo/trajectory';
import type { TokenGrid } from './pack-trajectories.js';

export interface ReverseKlAdvantagesOptions {
  /** Of the sampled tokens under the student that sampled them, at the temperature of sampling. All grids have one shape. */
  studentLogProbs: TokenGrid;
  /** Of the same token ids under the teacher, for example from a server that scores prompts. */
  teacherLogProbs: TokenGrid;
  /** 1 where the student sampled the token; anything else may be NaN. */
  policyMask: TokenGrid;
  /**
   * How much later tokens count for a token, from 0 to 1. 0 credits every token with its own reward alone: the gradient of the KL at each
   * prefix, with the prefixes held. 1 is the gradient of the KL of whole sequences, with more variance. @default 0
   */
  gamma?: number;
}

export interface ReverseKlAdvantages {
  /** `Σ_{k ≥ t} γ^(k − t) · (teacher − student)` over the policy tokens of the row, 0 elsewhere. */
  advantages: TokenGrid;
  /** Mean of `student − teacher` over policy tokens, in nats: estimates KL(student ‖ teacher) per token. */
  klMean: number;
}

function requireSameShape(options: ReverseKlAdvantagesOptions): void {
  const [batch, time] = options.policyMask.shape;
  for (const where of ['policyMask', 'studentLogProbs', 'teacherLogProbs'] as const) {
    const { data, shape } = options[where];
    if (shape[0] !== batch || shape[1] !== time || data.length !== batch * time) {
      throw new ConfigError(
        `has shape [${shape.join(', ')}] and ${data.length} values, but policyMask is [${batch}, ${time}]`,
        { where },
      );
    }
  }
}

/**
 * On-policy distillation from the sampled tokens alone, for teachers that give no distributions: the reward of a token is
 * `log π_teacher − log π_student`, the negative of one sample of the reverse KL, and becomes its advantage (Lu and Thinking Machines Lab
 * 2025, "On-Policy Distillation").
 *
 * The policy loss that goes with it is `policyLoss` of `@dgpo/rl` on these advantages, with the student's log-probabilities here as
 * `oldLogProbs`: with one update per batch the ratio is 1 and the gradient the plain policy gradient, with several the ratio corrects for the update
 * since. Neither whiten them nor subtract a group mean: their zero says that the models agree. With `gamma` 1 and the weights of
 * `seq-mean-token-sum` the expected gradient is that of KL(student ‖ teacher) over sequences.
 *
 * @throws ConfigError when the shapes differ or gamma is not between 0 and 1.
 */
export function reverseKlAdvantages(options: ReverseKlAdvantagesOptions): ReverseKlAdvantages {
  const { studentLogProbs, teacherLogProbs, policyMask, gamma = 0 } = options;
  requireSameShape(options);
  if (!(gamma >= 0 && gamma <= 1)) throw new ConfigError(`expected 0 to 1, found ${gamma}`, { where: 'gamma' });
  const [batch, time] = policyMask.shape;
  const data = new Float32Array(batch * time);
  let tokens = 0;
  let klSum = 0;
  for (let row = 0; row < batch; row++) {
    let later = 0;
    for (let index = (row + 1) * time - 1; index >= row * time; index--) {
      if (policyMask.data[index] !== 1) continue;
      const reward = (teacherLogProbs.data[index] as number) - (studentLogProbs.data[index] as number);
      later = gamma === 0 ? reward : reward + gamma * later;
      data[index] = later;
      tokens += 1;
      klSum -= reward;
    }
  }
  return { advantages: { data, shape: policyMask.shape }, klMean: tokens === 0 ? 0 : klSum / tokens };
}
