import type { KeyTree, Method } from './method.js';

/** From the reward alone; `rl.guidance.gate: always` anchors the policy to the student of the start. */
const anchored = { fixed: { guidance: { reference: 'initial' } }, defaults: { guidance: { gate: 'never' } } } as const;

/** Methods of these papers have no entropy bonus. */
const sampled = { ...anchored.defaults, entropyCoefficient: 0 };

const clip = { name: 'clip' } as const;

function method(options: { name: string; title: string; paper: string; fixed: KeyTree; defaults: KeyTree }): Method {
  const { name, title, paper, fixed, defaults } = options;
  return { title, paper, stages: [{ name, rl: { fixed: { ...anchored.fixed, ...fixed }, defaults } }] };
}

/** Methods that learn from rewards alone. */
export const reinforcementMethods = {
  ppo: method({
    name: 'ppo',
    title: 'proximal policy optimisation with a critic',
    paper: 'arXiv 1707.06347',
    fixed: { algorithm: 'ppo', policyLoss: clip },
    defaults: anchored.defaults,
  }),
  grpo: method({
    name: 'grpo',
    title: 'advantages relative to the episodes of a group',
    paper: 'arXiv 2402.03300',
    fixed: { algorithm: 'grpo', policyLoss: clip },
    defaults: { ...sampled, numGenerations: 5, policyLoss: { aggregation: 'seq-mean-token-mean' } },
  }),
  'dr-grpo': method({
    name: 'dr-grpo',
    title: 'GRPO without the divisions by deviation and length',
    paper: 'arXiv 2503.20783',
    fixed: { algorithm: 'dr-grpo', policyLoss: { ...clip, aggregation: 'seq-mean-token-sum-norm' } },
    defaults: { ...sampled, numGenerations: 5 },
  }),
  rloo: method({
    name: 'rloo',
    title: 'REINFORCE with a leave-one-out baseline',
    paper: 'arXiv 2402.14740',
    fixed: { algorithm: 'rloo', policyLoss: clip },
    defaults: { ...sampled, numGenerations: 4, policyLoss: { aggregation: 'seq-mean-token-sum' } },
  }),
  'reinforce-plus-plus': method({
    name: 'reinforce-plus-plus',
    title: 'REINFORCE with advantages whitened over the batch',
    paper: 'arXiv 2501.03262',
    fixed: { algorithm: 'reinforce-plus-plus', policyLoss: clip },
    defaults: sampled,
  }),
  'reinforce-plus-plus-baseline': method({
    name: 'reinforce-plus-plus-baseline',
    title: 'REINFORCE++ less the mean reward of the group',
    paper: 'arXiv 2501.03262',
    fixed: { algorithm: 'reinforce-plus-plus-baseline', policyLoss: clip },
    defaults: { ...sampled, numGenerations: 5 },
  }),
  remax: method({
    name: 'remax',
    title: 'REINFORCE less the reward of a greedy episode',
    paper: 'arXiv 2310.10505',
    fixed: { algorithm: 'remax', policyLoss: clip },
    defaults: { ...sampled, policyLoss: { aggregation: 'seq-mean-token-sum' } },
  }),
  gspo: method({
    name: 'gspo',
    title: 'GRPO with the importance ratio of whole episodes',
    paper: 'arXiv 2507.18071',
    fixed: { algorithm: 'grpo', policyLoss: { name: 'gspo' } },
    defaults: {
      ...sampled,
      numGenerations: 5,
      policyLoss: { clipRatioLow: 3e-4, clipRatioHigh: 4e-4, aggregation: 'seq-mean-token-mean' },
    },
  }),
  cispo: method({
    name: 'cispo',
    title: 'GRPO with clipped importance weights in the place of a clipped loss',
    paper: 'arXiv 2506.13585',
    fixed: { algorithm: 'grpo', policyLoss: { name: 'cispo' } },
    defaults: { ...sampled, numGenerations: 5, policyLoss: { clipRatioLow: 1, clipRatioHigh: 4 } },
  }),
  dapo: method({
    name: 'dapo',
    title: 'GRPO with clip-higher, dynamic sampling, token-mean loss and soft overlong punishment',
    paper: 'arXiv 2503.14476',
    fixed: { algorithm: 'grpo', filterGroups: true, policyLoss: { ...clip, aggregation: 'token-mean' } },
    defaults: {
      ...sampled,
      numGenerations: 5,
      policyLoss: { clipRatioLow: 0.2, clipRatioHigh: 0.28 },
      overlong: { bufferLength: 64 },
    },
  }),
} satisfies Record<string, Method>;
