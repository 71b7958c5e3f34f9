import type { Method } from './method.js';

/** Methods that distil and do nothing else. */
export const distillationMethods = {
  'agent-sft': {
    title: 'cross-entropy on the demonstrations of the scripted expert',
    paper: 'supervised fine-tuning',
    stages: [{ name: 'agent-sft', distill: { fixed: { objective: 'sft', demonstrator: 'expert' } } }],
  },
  seqkd: {
    title: 'cross-entropy on correct outputs of the teacher',
    paper: 'arXiv 1606.07947',
    stages: [{ name: 'seqkd', distill: { fixed: { objective: 'sft', demonstrator: 'teacher' } } }],
  },
  kd: {
    title: 'cross-entropy and KL to the teacher on its correct outputs',
    paper: 'arXiv 1503.02531',
    stages: [{ name: 'kd', distill: { fixed: { objective: 'kd', demonstrator: 'teacher' } } }],
  },
} satisfies Record<string, Method>;
