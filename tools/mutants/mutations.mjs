// Faults that would quietly train something else than DGPO. `tests` are the files that must notice.

const policy = (file) => `apps/trainer/src/train/policy/${file}.ts`;
const flattenTrajectory = 'packages/trajectory/src/flatten-trajectory.ts';

export const mutations = [
  {
    name: 'gate inverted: correct episodes are guided',
    file: 'packages/rl/src/failure-gate.ts',
    from: "(gate === 'incorrect' && !isCorrect)",
    to: "(gate === 'incorrect' && isCorrect)",
    tests: ['packages/rl/src/failure-gate.test.ts'],
  },
  {
    name: 'gate always: every episode is guided',
    file: 'packages/rl/src/failure-gate.ts',
    from: "(gate === 'incorrect' && !isCorrect)",
    to: "gate === 'incorrect'",
    tests: ['packages/rl/src/failure-gate.test.ts'],
  },
  {
    name: 'sign of the KL penalty flipped',
    file: 'packages/rl/src/apply-kl-penalty.ts',
    from: '(index === last ? score : 0) - scale * value',
    to: '(index === last ? score : 0) + scale * value',
    tests: ['packages/rl/src/apply-kl-penalty.test.ts'],
  },
  {
    name: 'observations unmasked',
    file: flattenTrajectory,
    from: "segment.kind === 'policy'",
    to: "segment.kind !== 'prompt'",
    tests: ['packages/trajectory/src/flatten-trajectory.test.ts'],
  },
  {
    name: 'advantages not whitened',
    file: policy('advantages'),
    from: 'advantages: whiten({ values: toGrid(onPolicy).grid, mask: lossMask }),',
    to: 'advantages: toGrid(onPolicy).grid,',
    tests: ['apps/trainer/test/policy-jobs.test.ts'],
  },
  {
    name: 'log-probabilities off by one',
    file: 'apps/trainer/src/compute/scored-rows.ts',
    from: 'batchIndex * time + index - 1',
    to: 'batchIndex * time + index',
    tests: ['apps/trainer/src/compute/scored-rows.test.ts'],
  },
  {
    name: 'stop token dropped',
    file: 'packages/lm/src/sampling/sampler.ts',
    from: "!== null) sequence.finishReason = 'stop';",
    to: "!== null) { sequence.finishReason = 'stop'; sequence.tokenIds.pop(); sequence.logProbs.pop(); }",
    tests: ['packages/lm/src/sampling/sampler.test.ts'],
  },
  {
    name: 'prompt rewarded',
    file: flattenTrajectory,
    from: "segment.kind === 'policy'",
    to: "segment.kind !== 'observation'",
    tests: ['packages/trajectory/src/flatten-trajectory.test.ts'],
  },
  {
    name: 'critic shifted: values of the next token',
    file: policy('optimize-policy'),
    from: "await scoreRows({ ...scoring, model: critic.name, what: 'values', rows: valued });",
    to: "(await scoreRows({ ...scoring, model: critic.name, what: 'values', rows: valued })).map((row) => row.map((_, i) => row[i + 1] ?? 0));",
    tests: ['apps/trainer/test/policy-jobs.test.ts'],
  },
  {
    name: 'every update plays with the same seed',
    file: policy('collect-rollouts'),
    from: "batch === 0 ? random.split('rollouts', step)",
    to: "batch === 0 ? random.split('rollouts', 0)",
    tests: ['apps/trainer/test/policy-jobs.test.ts'],
  },
];
