import type { Method, SectionRules } from './method.js';

/** The student plays everything; reverse KL to the teacher, exact over the vocabulary. */
export const onPolicyGuidance: SectionRules = {
  fixed: { objective: 'gkd', onPolicy: { fraction: 1 } },
  defaults: { divergence: { name: 'rkl' } },
};

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
  gkd: {
    title: 'Jensen-Shannon divergence, half of the episodes played by the student',
    paper: 'arXiv 2306.13649',
    stages: [
      {
        name: 'gkd',
        distill: { fixed: { objective: 'gkd', demonstrator: 'teacher' }, defaults: { divergence: { name: 'js' } } },
      },
    ],
  },
  'gkd-on-policy': {
    title: 'the teacher corrects episodes of the student alone, as DGPO compares it',
    paper: 'arXiv 2508.20324',
    stages: [{ name: 'gkd-on-policy', distill: onPolicyGuidance }],
  },
  distillm: {
    title: 'skew KL with an adaptive share of student outputs and their replay',
    paper: 'arXiv 2402.03898',
    stages: [
      {
        name: 'distillm',
        distill: {
          fixed: { objective: 'distillm', demonstrator: 'teacher' },
          defaults: { divergence: { name: 'skew-fkl' } },
        },
      },
    ],
  },
  taid: {
    title: 'KL to a target that moves from the student to the teacher',
    paper: 'arXiv 2501.16937',
    stages: [{ name: 'taid', distill: { fixed: { objective: 'taid', demonstrator: 'teacher' } } }],
  },
  minillm: {
    title: 'reverse KL of whole episodes by policy gradient',
    paper: 'arXiv 2306.08543',
    stages: [{ name: 'minillm', distill: { fixed: { objective: 'minillm' } } }],
  },
  opd: {
    title: 'on-policy distillation from the log-probabilities of sampled tokens',
    paper: 'Thinking Machines Lab 2025',
    stages: [{ name: 'opd', distill: { fixed: { objective: 'opd' } } }],
  },
} satisfies Record<string, Method>;
