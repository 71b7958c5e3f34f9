import type { Method } from './method.js';

const paper = 'arXiv 2505.17612';

/** Agent distillation and what it is compared with. */
export const agentMethods = {
  'agent-distillation': {
    title: 'cross-entropy on correct episodes of a teacher that thinks, writes code and searches',
    paper,
    environment: { fixed: {}, defaults: { kind: 'code' } },
    stages: [
      {
        name: 'agent-distillation',
        distill: { fixed: { objective: 'sft', filter: 'agent' }, defaults: { temperature: 0, numTrainEpochs: 2 } },
      },
    ],
  },
  'cot-distillation': {
    title: 'cross-entropy on correct chains of thought of a teacher without tools',
    paper,
    environment: { fixed: { kind: 'chain-of-thought' } },
    stages: [
      {
        name: 'cot-distillation',
        distill: { fixed: { objective: 'sft' }, defaults: { temperature: 0, numTrainEpochs: 2 } },
      },
    ],
  },
} satisfies Record<string, Method>;
