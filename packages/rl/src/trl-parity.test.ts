import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { logSoftmax } from './__fixtures__/distributions.js';
import { expectClose, gridOf, numberOf, valueAndGradient } from './__fixtures__/numerics.js';
import { applyKlPenalty } from './apply-kl-penalty.js';
import { cispoLoss } from './cispo-loss.js';
import { entropyBonus } from './entropy-bonus.js';
import { estimateKl } from './estimate-kl.js';
import { exactKl } from './exact-kl.js';
import { generalizedAdvantageEstimation } from './generalized-advantage-estimation.js';
import { groupRelativeAdvantages } from './group-relative-advantages.js';
import { gspoLoss } from './gspo-loss.js';
import { informativeGroups } from './informative-groups.js';
import { klLoss } from './kl-loss.js';
import type { LossResult } from './loss-result.js';
import { policyLoss } from './policy-loss.js';
import { rlooAdvantages } from './rloo-advantages.js';
import { samplerCorrection } from './sampler-correction.js';
import { tokenKl } from './token-kl.js';
import { type TokenWeightsOptions, tokenWeights } from './token-weights.js';
import { topKKl } from './top-k-kl.js';
import { valueLoss } from './value-loss.js';
import { whiten } from './whiten.js';

type Rows = number[][];
interface Case<Gradient = Rows> {
  value: number;
  gradient: Gradient;
  metrics: Record<string, number>;
}
interface Golden {
  [grid: string]: unknown;
  mask: Rows;
  completionMask: Rows;
  logProbs: Rows;
  oldLogProbs: Rows;
  referenceLogProbs: Rows;
  samplerLogProbs: Rows;
  entropy: Rows;
  values: Rows;
  oldValues: Rows;
  rewards: Rows;
  tokenIds: Rows;
  logits: Rows[];
  advantages: number[];
  scores: number[];
  grpo: Record<string, Case>;
  fromLogits: Case<Rows[]>;
  entropyGradient: Case;
  ratios: Record<string, Rows>;
  advantagesOf: Record<'group' | 'none', { advantages: number[]; fracRewardZeroStd: number }> &
    Record<'rloo' | 'rloo with k1', number[]>;
  rlooLoss: Case;
  ppo: {
    whitenedAdvantages: Rows;
    returns: Rows;
    scaledRewards: Rows;
    penalty: Record<'k1' | 'k3', Rows>;
    policy: Case;
    value: Case;
  };
  distributions: {
    student: Rows;
    teacher: Rows;
    forward: Case<Rows[]>;
    reverse: Case<Rows[]>;
    topK: Record<string, Case<Rows[]> & { tokenIds: Rows }>;
  };
}

// Written by tools/parity/trl.py, which runs TRL's own functions in float64.
const golden = JSON.parse(readFileSync(new URL('./__fixtures__/trl.json', import.meta.url), 'utf8')) as Golden;
const groups = golden.scores.map((_, row) => (row < 3 ? 'a' : 'b'));

/** NaN wherever the mask is 0. */
const poisoned = (rows: Rows, mask = golden.mask) =>
  rows.map((row, i) => row.map((value, t) => (mask[i]?.[t] === 1 ? value : Number.NaN)));
const perToken = (perRow: readonly number[], mask = golden.mask) =>
  poisoned(
    mask.map((row, i) => row.map(() => perRow[i] as number)),
    mask,
  );
const weightsOf = (options: Omit<TokenWeightsOptions, 'mask'>, mask = golden.mask) => {
  const { data, shape } = tokenWeights({ mask: gridOf(mask), ...options });
  return tf.tensor2d(data, [...shape]);
};
const tokenMean = { aggregation: 'token-mean' } as const;
const sequenceMean = { aggregation: 'seq-mean-token-mean' } as const;

/** What policy losses take of the stored batch. */
const inputs = (aggregation: Omit<TokenWeightsOptions, 'mask'>, mask = golden.mask) => ({
  oldLogProbs: tf.tensor2d(poisoned(golden.oldLogProbs, mask)),
  advantages: tf.tensor2d(perToken(golden.advantages, mask)),
  weights: weightsOf(aggregation, mask),
});
const clips = { clipRatioLow: 0.2, clipRatioHigh: 0.28 };

async function compare(
  expected: Pick<Case, 'value' | 'gradient'>,
  loss: (logProbs: tf.Tensor) => LossResult,
  options: { at?: Rows; mask?: Rows; scale?: number } = {},
): Promise<void> {
  const { at = golden.logProbs, mask = golden.mask, scale = 1 } = options;
  const { value, gradient } = await valueAndGradient((x) => loss(x).loss, tf.tensor2d(poisoned(at, mask)));
  expectClose([value * scale], [expected.value], 1e-5);
  expectClose(
    gradient.map((slope) => slope * scale),
    expected.gradient.flat(),
    1e-5,
  );
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const grpo = (name: string) => golden.grpo[name] as Case;

describe('losses of GRPOTrainer', () => {
  test.each([
    { name: 'grpo', aggregation: sequenceMean },
    { name: 'bnpo', aggregation: tokenMean },
    { name: 'dapo', aggregation: tokenMean },
    { name: 'dr_grpo', aggregation: { aggregation: 'seq-mean-token-sum-norm', maxTokens: 8 } as const },
  ])('loss_type $name is policyLoss with $aggregation.aggregation', async ({ name, aggregation }) => {
    await compare(grpo(name), (logProbs) => policyLoss({ ...inputs(aggregation), ...clips, logProbs }));
  });

  test('delta is a dual clip; clip_ratio/region_mean is clipFraction', async () => {
    const options = { ...inputs(tokenMean), ...clips };
    await compare(grpo('delta'), (logProbs) => policyLoss({ ...options, dualClip: 1.5, logProbs }));
    const { metrics } = policyLoss({ ...options, logProbs: tf.tensor2d(poisoned(golden.logProbs)) });
    expectClose(
      [await numberOf(metrics.clipFraction)],
      [grpo('dapo').metrics['clip_ratio/region_mean'] as number],
      1e-6,
    );
  });

  test('a row without tokens counts in the mean of TRL and not in ours', async () => {
    const mask = golden.mask.map((row, index) => (index === 3 ? row.map(() => 0) : row));
    await compare(
      grpo('grpo with a row without tokens'),
      (logProbs) => policyLoss({ ...inputs(sequenceMean, mask), ...clips, logProbs }),
      { mask, scale: 5 / 6 },
    );
  });

  test.each([
    { name: 'gspo', aggregation: sequenceMean, clipRatioLow: 0.05, clipRatioHigh: 0.0625 },
    { name: 'gspo dapo', aggregation: tokenMean, ...clips },
    { name: 'luspo', aggregation: { aggregation: 'seq-mean-token-sum' } as const, ...clips },
  ])('$name: importance_sampling_level sequence is gspoLoss', async ({ name, aggregation, ...limits }) => {
    await compare(grpo(name), (logProbs) => gspoLoss({ ...inputs(aggregation), ...limits, logProbs }));
  });

  test('cispo: its epsilon_high is the whole weight, so 1 + clipRatioHigh, and there is no lower limit', async () => {
    const limits = { clipRatioLow: 1, clipRatioHigh: 0.25 };
    await compare(grpo('cispo'), (logProbs) => cispoLoss({ ...inputs(tokenMean), ...limits, logProbs }));
  });

  test.each([
    { name: 'k3', form: { biased: true } },
    { name: 'k3 bias-corrected', form: { importanceWeighted: true } },
  ])('$name as a loss; kl is the metric', async ({ name, form }) => {
    const { oldLogProbs, weights } = inputs(tokenMean);
    const referenceLogProbs = tf.tensor2d(poisoned(golden.referenceLogProbs));
    const options = { weights, referenceLogProbs, ...form, estimator: 'k3', coefficient: 0.5 } as const;
    const loss = (logProbs: tf.Tensor) =>
      klLoss({ ...options, ...('importanceWeighted' in form ? { oldLogProbs } : {}), logProbs });
    await compare(grpo(name), loss);
    const { kl } = loss(tf.tensor2d(poisoned(golden.logProbs))).metrics;
    expectClose([await numberOf(kl)], [grpo(name).metrics.kl as number], 1e-5);
  });

  test.each([{ name: 'k3' }, { name: 'k3 bias-corrected' }])('$name token by token in float64', ({ name }) => {
    const tokens = golden.mask.flat().reduce((sum, flag) => sum + flag, 0);
    const estimates = golden.mask.flatMap((row, i) =>
      row.map((flag, t) => {
        const at = (rows: Rows) => rows[i]?.[t] as number;
        const { value, slope } = tokenKl({
          logProb: at(golden.logProbs),
          oldLogProb: at(golden.oldLogProbs),
          referenceLogProb: at(golden.referenceLogProbs),
          estimator: 'k3',
          importanceWeighted: name !== 'k3',
        });
        return { value: (0.5 * flag * value) / tokens, slope: (0.5 * flag * slope) / tokens };
      }),
    );
    expectClose([estimates.reduce((sum, { value }) => sum + value, 0)], [grpo(name).value], 1e-10);
    expectClose(
      estimates.map(({ slope }) => slope),
      grpo(name).gradient.flat(),
      1e-10,
    );
  });

  test('the entropy bonus is a mean over tokens, whatever the loss_type', async () => {
    const entropy = tf.tensor2d(poisoned(golden.entropy));
    const bonus = () => entropyBonus({ entropy, weights: weightsOf(tokenMean), coefficient: 0.125 });
    await compare(grpo('entropy'), (logProbs) => {
      const { loss, metrics } = policyLoss({ ...inputs(sequenceMean), ...clips, logProbs });
      return { loss: tf.add(loss, bonus().loss) as tf.Scalar, metrics };
    });
    expectClose([await numberOf(bonus().metrics.entropy)], [grpo('entropy').metrics.entropy as number], 1e-6);
    const weights = weightsOf(tokenMean);
    await compare(golden.entropyGradient, (x) => entropyBonus({ entropy: x, weights, coefficient: 0.125 }), {
      at: golden.entropy,
    });
  });

  test('from logits at temperature ½: selected log-probabilities, entropy, policy loss and bonus', async () => {
    const [rows, time] = [golden.mask.length, golden.mask[0]?.length as number];
    const { value, gradient } = await valueAndGradient((x) => {
      const logProbs = tf.logSoftmax(tf.div(x, 0.5));
      const chosen = tf.oneHot(tf.tensor1d(golden.tokenIds.flat(), 'int32'), 5);
      const entropy = tf.neg(tf.sum(tf.mul(tf.exp(logProbs), logProbs), 1));
      const list = (some: tf.Tensor) => tf.reshape(some, [rows, time]);
      const options = { ...inputs(tokenMean), ...clips, logProbs: list(tf.sum(tf.mul(logProbs, chosen), 1)) };
      const bonus = entropyBonus({ entropy: list(entropy), weights: options.weights, coefficient: 0.125 });
      return tf.add(policyLoss(options).loss, bonus.loss) as tf.Scalar;
    }, tf.tensor2d(golden.logits.flat()));
    expectClose([value], [golden.fromLogits.value], 1e-5);
    expectClose(gradient, golden.fromLogits.gradient.flat(2), 1e-5);
  });
});

describe('the importance weights of vLLM', () => {
  const ours = (level: 'token' | 'sequence', cap: number) =>
    samplerCorrection({
      samplerLogProbs: gridOf(poisoned(golden.samplerLogProbs)),
      trainerLogProbs: gridOf(poisoned(golden.logProbs)),
      mask: gridOf(golden.mask),
      level,
      cap,
    }).weights.data;
  const flags = golden.mask.flat();

  test.each(['token', 'sequence'] as const)('%s_truncate with clip_max is samplerCorrection with cap', (level) => {
    const theirs = (golden.ratios[`${level}_truncate`] as Rows).flat().map((ratio, i) => ratio * (flags[i] as number));
    expectClose(ours(level, 1.25), theirs, 1e-6);
    expect(theirs.filter((ratio) => ratio === 1.25).length).toBeGreaterThan(1);
  });

  test.each(['token', 'sequence'] as const)('%s_mask gives 0 where ours stays at the cap', (level) => {
    const theirs = (golden.ratios[`${level}_mask`] as Rows).flat().map((ratio, i) => ratio * (flags[i] as number));
    const free = ours(level, Number.MAX_VALUE);
    expectClose(
      free.map((weight) => (weight > 1.25 ? 0 : weight)),
      theirs,
      1e-6,
    );
  });

  test.each(['token', 'sequence'] as const)('policyLoss with the weights of level %s', async (level) => {
    const importanceWeights = tf.tensor2d(ours(level, 1.25), [6, 6]);
    await compare(grpo(`${level} ratios`), (logProbs) =>
      policyLoss({ ...inputs(tokenMean), ...clips, importanceWeights, logProbs }),
    );
  });
});

describe('advantages of groups', () => {
  const scores = Float32Array.from(golden.scores);

  test('scale_rewards group is GRPO with epsilon 1e-4, none is Dr. GRPO', () => {
    const { group, none } = golden.advantagesOf;
    expectClose(groupRelativeAdvantages({ scores, groups, epsilon: 1e-4 }), group.advantages, 1e-6);
    expectClose(groupRelativeAdvantages({ scores, groups, normalizeByStd: false }), none.advantages, 1e-6);
    expect(informativeGroups({ scores, groups }).fracRewardZeroStd).toBe(group.fracRewardZeroStd);
  });

  test('RLOO, with the summed k1 in the reward and without', () => {
    expectClose(rlooAdvantages({ scores, groups }), golden.advantagesOf.rloo, 1e-6);
    const policyMask = gridOf(golden.mask);
    const kl = estimateKl({
      logProbs: gridOf(poisoned(golden.oldLogProbs)),
      referenceLogProbs: gridOf(poisoned(golden.referenceLogProbs)),
      policyMask,
    });
    const gate = new Float32Array(scores.length).fill(1);
    const { rowPenalty } = applyKlPenalty({ scores, kl, policyMask, gate, beta: 0.125 });
    const paid = scores.map((score, row) => score - (rowPenalty[row] as number));
    expectClose(rlooAdvantages({ scores: paid, groups }), golden.advantagesOf['rloo with k1'], 1e-6);
  });

  test('the loss of RLOOTrainer at its first update has the gradient of policyLoss summed over tokens', async () => {
    const options = { ...inputs({ aggregation: 'seq-mean-token-sum' }) };
    const logProbs = tf.tensor2d(poisoned(golden.logProbs));
    const { gradient } = await valueAndGradient(
      (x) => policyLoss({ ...options, oldLogProbs: logProbs, logProbs: x }).loss,
      logProbs,
    );
    expectClose(gradient, golden.rlooLoss.gradient.flat(), 1e-6);
    // Its ratio is the product over the sequence: one per episode in the value, where ours has one per token.
    const mean = golden.advantages.reduce((sum, advantage) => sum + advantage, 0) / golden.advantages.length;
    expectClose([golden.rlooLoss.value], [-mean], 1e-10);
  });
});

describe('PPOTrainer', () => {
  const { ppo, completionMask } = golden;
  const mask = gridOf(completionMask);
  const grid = (rows: Rows) => gridOf(poisoned(rows, completionMask));
  const tensor = (rows: Rows) => tf.tensor2d(poisoned(rows, completionMask));

  test('GAE, whitened over the mask, and the rewards scaled without shift', () => {
    const { advantages, returns } = generalizedAdvantageEstimation({
      rewards: grid(golden.rewards),
      values: grid(golden.oldValues),
      mask,
      policyMask: mask,
      gamma: 0.875,
      lambda: 0.75,
    });
    expectClose(whiten({ values: advantages, mask }).data, ppo.whitenedAdvantages.flat(), 2e-6);
    expectClose(returns.data, ppo.returns.flat(), 1e-6);
    const scaled = whiten({ values: grid(golden.rewards), mask, shiftMean: false });
    expectClose(scaled.data, ppo.scaledRewards.flat(), 1e-6);
  });

  test.each(['k1', 'k3'] as const)('%s in the reward', (estimator) => {
    const kl = estimateKl({
      logProbs: grid(golden.oldLogProbs),
      referenceLogProbs: grid(golden.referenceLogProbs),
      estimator,
      policyMask: mask,
    });
    const gate = new Float32Array(golden.scores.length).fill(1);
    const scores = new Float32Array(golden.scores.length);
    expectClose(
      applyKlPenalty({ scores, kl, policyMask: mask, gate, beta: 0.125 }).rewards.data,
      ppo.penalty[estimator].flat(),
      1e-6,
    );
  });

  test('the policy loss and the value loss', async () => {
    const weights = weightsOf(tokenMean, completionMask);
    const options = { mask: completionMask };
    const policy = { oldLogProbs: tensor(golden.oldLogProbs), advantages: tensor(ppo.whitenedAdvantages), weights };
    await compare(ppo.policy, (logProbs) => policyLoss({ ...policy, logProbs }), options);
    const value = { oldValues: tensor(golden.oldValues), returns: tensor(ppo.returns), weights, clipRange: 0.26 };
    await compare(ppo.value, (values) => valueLoss({ ...value, values }), { ...options, at: golden.values });
  });
});

describe('whole distributions, in float64', () => {
  const { student, teacher, topK, ...whole } = golden.distributions;
  const [logProbs, referenceLogProbs] = [student, teacher].map((rows) => rows.flatMap((row) => logSoftmax(row))) as [
    number[],
    number[],
  ];
  const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);

  test.each(['forward', 'reverse'] as const)('%s: generalized_jsd_loss at the end of beta is exactKl', (direction) => {
    const { kl, logitGradient } = exactKl({ logProbs, referenceLogProbs, vocabularySize: 4, direction });
    expectClose([sum(kl)], [whole[direction].value], 1e-10);
    expectClose(logitGradient, whole[direction].gradient.flat(2), 1e-10);
  });

  test.each(Object.keys(topK))('%s most likely tokens and a tail bucket is topKKl', (name) => {
    const { tokenIds, value, gradient } = topK[name] as (typeof topK)[string];
    const [direction, k] = name.split(' ') as ['forward' | 'reverse', string];
    const pick = (values: ArrayLike<number>) =>
      tokenIds.flatMap((ids, row) => ids.map((id) => values[4 * row + id] as number));
    const result = topKKl({
      logProbs: pick(logProbs),
      referenceLogProbs: pick(referenceLogProbs),
      k: Number(k),
      direction,
    });
    expectClose([sum(result.kl) / tokenIds.length], [value], 1e-10);
    expectClose(
      result.gradient.map((slope) => slope / tokenIds.length),
      pick(gradient.flat(2)),
      1e-10,
    );
  });
});
