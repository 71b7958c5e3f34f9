import type { Method, MethodStage } from './method.js';

/** Rejection sampling: the tokens of the model's own successes. */
const ownSuccesses: MethodStage = {
  name: 'rft',
  distill: { fixed: { objective: 'sft', demonstrator: 'self' }, defaults: { temperature: 0 } },
};

/** Methods in which a model learns from episodes of its own. */
export const hintMethods = {
  rft: {
    title: 'rejection-sampling fine-tuning: cross-entropy on the successes of the model itself',
    paper: 'arXiv 2308.01825',
    stages: [ownSuccesses],
  },
  'hint-distillation': {
    title: 'hints from its failures help the model through training tasks; it learns these episodes without the hints',
    paper: 'arXiv 2510.01375',
    stages: [
      { ...ownSuccesses, baseline: true },
      {
        name: 'hint-distillation',
        distill: { fixed: { objective: 'sft', demonstrator: 'hinted' }, defaults: { temperature: 0 } },
      },
    ],
  },
} satisfies Record<string, Method>;
