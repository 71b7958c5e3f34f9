import { onPolicyGuidance } from './distillation-methods.js';
import type { Method, MethodStage } from './method.js';

/** Phase 1 of DGPO: cross-entropy and forward KL on correct teacher episodes. */
const coldStart: MethodStage = {
  name: 'kd',
  distill: { fixed: { objective: 'kd', demonstrator: 'teacher', divergence: { name: 'fkl' } } },
};

const imitation: MethodStage = { name: 'agent-sft', distill: { fixed: { objective: 'sft', demonstrator: 'expert' } } };

/** The exact KL as a loss, averaged over tokens: neutral to length, which the reference form is not. */
const exactGuidance = { beta: 0.5, estimator: 'full', form: 'loss', aggregation: 'token-mean' };

const dgpo = 'arXiv 2508.20324';

/** Methods of several stages: DGPO, its ablations, and what it is compared with. */
export const combinedMethods = {
  dgpo: {
    title: 'cold start, then PPO in which the teacher guides where the student fails',
    paper: dgpo,
    stages: [
      coldStart,
      {
        name: 'dgpo',
        rl: {
          fixed: { algorithm: 'ppo', guidance: { gate: 'incorrect' } },
          defaults: { guidance: exactGuidance },
        },
      },
    ],
  },
  'dgpo-reference': {
    title: 'DGPO with the penalty of the released code: k1 in the reward, summed over tokens',
    paper: dgpo,
    stages: [
      coldStart,
      {
        name: 'dgpo-reference',
        rl: {
          fixed: {
            algorithm: 'ppo',
            guidance: { gate: 'incorrect', estimator: 'k1', direction: 'reverse', form: 'reward', aggregation: 'sum' },
          },
          defaults: { guidance: { beta: 0.001 } },
        },
      },
    ],
  },
  'dgpo-token-mean': {
    title: 'DGPO with k1 in the reward, averaged over tokens',
    paper: dgpo,
    stages: [
      coldStart,
      {
        name: 'dgpo-token-mean',
        rl: {
          fixed: {
            algorithm: 'ppo',
            guidance: {
              gate: 'incorrect',
              estimator: 'k1',
              direction: 'reverse',
              form: 'reward',
              aggregation: 'token-mean',
            },
          },
          defaults: { guidance: { beta: 0.1 } },
        },
      },
    ],
  },
  'dgpo-no-cold-start': {
    title: 'ablation: guided PPO from the base student',
    paper: dgpo,
    stages: [
      {
        name: 'dgpo-no-cold-start',
        rl: { fixed: { algorithm: 'ppo', guidance: { gate: 'incorrect' } }, defaults: { guidance: exactGuidance } },
      },
    ],
  },
  'dgpo-uniform-kl': {
    title: 'ablation: the teacher guides every episode',
    paper: dgpo,
    stages: [
      coldStart,
      {
        name: 'dgpo-uniform-kl',
        rl: { fixed: { algorithm: 'ppo', guidance: { gate: 'always' } }, defaults: { guidance: exactGuidance } },
      },
    ],
  },
  'dgpo-grpo': {
    title: 'DGPO with GRPO in the place of PPO',
    paper: dgpo,
    stages: [
      coldStart,
      {
        name: 'dgpo-grpo',
        rl: {
          fixed: { algorithm: 'grpo', guidance: { gate: 'incorrect' } },
          defaults: { numGenerations: 4, guidance: exactGuidance },
        },
      },
    ],
  },
  'sft-ppo': {
    title: 'supervised fine-tuning on demonstrations, then PPO',
    paper: dgpo,
    stages: [imitation, { name: 'sft-ppo', rl: { fixed: { algorithm: 'ppo', guidance: { gate: 'never' } } } }],
  },
  'kd-ppo': {
    title: 'ablation: cold start, then PPO without guidance',
    paper: dgpo,
    stages: [coldStart, { name: 'kd-ppo', rl: { fixed: { algorithm: 'ppo', guidance: { gate: 'never' } } } }],
  },
  'kd-grpo': {
    title: 'cold start, then GRPO',
    paper: dgpo,
    stages: [
      coldStart,
      {
        name: 'kd-grpo',
        rl: { fixed: { algorithm: 'grpo', guidance: { gate: 'never' } }, defaults: { numGenerations: 4 } },
      },
    ],
  },
  'kd-gkd': {
    title: 'cold start, then guidance by the teacher alone',
    paper: dgpo,
    stages: [coldStart, { name: 'kd-gkd', distill: onPolicyGuidance }],
  },
  'kd-distillm': {
    title: 'cold start, then DistiLLM, which its authors start from a fine-tuned student',
    paper: 'arXiv 2402.03898',
    stages: [
      coldStart,
      {
        name: 'kd-distillm',
        distill: {
          fixed: { objective: 'distillm', demonstrator: 'teacher' },
          defaults: { divergence: { name: 'skew-fkl' } },
        },
      },
    ],
  },
  'ppo-kd': {
    title: 'ablation: the phases in the other order',
    paper: dgpo,
    stages: [
      { name: 'ppo', rl: { fixed: { algorithm: 'ppo', guidance: { gate: 'never' } } } },
      { name: 'ppo-kd', distill: coldStart.distill as NonNullable<MethodStage['distill']> },
    ],
  },
} satisfies Record<string, Method>;
