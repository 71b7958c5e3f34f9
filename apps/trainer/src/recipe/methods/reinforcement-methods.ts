import type { Method } from './method.js';

const unguided = { guidance: { gate: 'never' } };

/** Methods that learn from rewards alone. */
export const reinforcementMethods = {
  ppo: {
    title: 'proximal policy optimisation with a critic',
    paper: 'arXiv 1707.06347',
    stages: [{ name: 'ppo', rl: { fixed: { algorithm: 'ppo', ...unguided } } }],
  },
  grpo: {
    title: 'advantages relative to the episodes of a group',
    paper: 'arXiv 2402.03300',
    stages: [{ name: 'grpo', rl: { fixed: { algorithm: 'grpo', ...unguided }, defaults: { numGenerations: 5 } } }],
  },
} satisfies Record<string, Method>;
