import type { TeacherTopK } from '@dgpo/distill/teachers';
import { outputEmbedding, tokenLogProbs, vocabularyKl, vocabularyLoss } from '@dgpo/lm';
import {
  actionSegments,
  cispoLoss,
  entropyBonus,
  gspoLoss,
  type KlDirection,
  type KlEstimator,
  klLoss,
  lldsLoss,
  policyLoss,
  topKDivergence,
} from '@dgpo/rl';
import * as tf from '@tensorflow/tfjs-core';
import { type GradientResult, gradientOf } from './gradient.js';
import { type JobContext, modelNamed, scoredHidden, weightedSum, withBatch } from './jobs.js';
import { type ScoredRow, scoredCount } from './scored-rows.js';

/** Which loss of the ratio of probabilities, and how far the ratio may move from 1; what is left out has the default of the loss. */
export interface PolicyLossChoice {
  name: 'clip' | 'gspo' | 'cispo';
  clipRatioLow?: number;
  clipRatioHigh?: number;
  /** Of `clip` alone. */
  dualClip?: number;
}

/** One micro-batch of the policy loss, with what pulls towards a reference as an option. All vectors are `[scored tokens]`, row by row. */
export interface PolicyJob {
  kind: 'policy';
  student: string;
  rows: ScoredRow[];
  oldLogProbs: Float32Array;
  advantages: Float32Array;
  /** Of the whole mini-batch, cut with it; under weight 0 the other vectors may be NaN. */
  weights: Float32Array;
  loss: PolicyLossChoice;
  /** Of trainer against sampler. @default all 1 */
  importanceWeights?: Float32Array;
  entropyCoefficient: number;
  /** @default 0 */
  lldsCoefficient?: number;
  temperature: number;
  /** 1 on tokens of gated episodes, for the entropy of both sides. @default no such metrics */
  gate?: Float32Array;
  /** The KL over the vocabulary to a model in the worker. */
  teacher?: {
    name: string;
    /** β and the share of each token; 0 where the gate is closed. */
    weights: Float32Array;
    direction: KlDirection;
  };
  /** The KL over the most likely tokens of a reference elsewhere, and one class for all others. */
  topK?: TeacherTopK & {
    /** β and the share of each token; 0 where the gate is closed. */
    weights: Float32Array;
    direction: KlDirection;
  };
  /** The KL over the sampled tokens. */
  kl?: {
    referenceLogProbs: Float32Array;
    /** β and the share of each token; 0 where the gate is closed. */
    weights: Float32Array;
    estimator: KlEstimator;
    direction: KlDirection;
    importanceWeighted: boolean;
    biased: boolean;
  };
  /** Keeps only the inputs of blocks. @default false */
  gradientCheckpointing?: boolean;
}

/** The row of every scored token, and the action of every scored token, counted over the micro-batch. */
function segmentsOf(rows: readonly ScoredRow[]): { sequences: Int32Array; actions: Int32Array } {
  const sequences: number[] = [];
  const actions: number[] = [];
  let next = 0;
  rows.forEach((row, index) => {
    for (let count = scoredCount(row); count > 0; count--) sequences.push(index);
    const data = Float32Array.from(row.mask, (value, position) => (position === 0 ? 0 : value));
    const own = actionSegments({ policyMask: { data, shape: [1, data.length] } }).filter((action) => action >= 0);
    for (const action of own) actions.push(next + action);
    next += (own.at(-1) ?? -1) + 1;
  });
  return { sequences: Int32Array.from(sequences), actions: Int32Array.from(actions) };
}

interface LossInputs {
  logProbs: tf.Tensor;
  oldLogProbs: tf.Tensor;
  advantages: tf.Tensor;
  weights: tf.Tensor;
}

function chosenLoss(job: PolicyJob, inputs: LossInputs, sequences: Int32Array) {
  const { name, ...clips } = job.loss;
  const importance =
    job.importanceWeights === undefined ? {} : { importanceWeights: tf.tensor1d(job.importanceWeights) };
  const options = { ...inputs, ...importance, ...clips };
  if (name === 'gspo') return gspoLoss({ ...options, sequences });
  return name === 'cispo' ? cispoLoss(options) : policyLoss(options);
}

/** Sums, so that they add up over micro-batches: of the entropy on both sides of the gate, and of the distance from the old policy. */
function tokenSums(job: PolicyJob, { logProbs, oldLogProbs, weights }: LossInputs, entropy: tf.Tensor) {
  const counts = tf.notEqual(weights, 0);
  const keep = (values: tf.Tensor) => tf.where(counts, values, tf.zerosLike(values));
  const logRatio = tf.clipByValue(tf.sub(keep(logProbs), keep(oldLogProbs)), -20, 20);
  const ratio = tf.sum(tf.mul(tf.exp(logRatio), weights));
  if (job.gate === undefined) return { ratio };
  const gate = tf.tensor1d(job.gate);
  return {
    ratio,
    gatedEntropy: tf.sum(tf.mul(entropy, gate)),
    ungatedEntropy: tf.sum(tf.mul(entropy, tf.sub(1, gate))),
  };
}

/** 1 where a weight is not 0. */
const weighted = (weights: Float32Array) => tf.tensor1d(weights.map((weight) => (weight === 0 ? 0 : 1)));

function topKLoss(
  { k, tokenIds, logProbs, weights, direction }: NonNullable<PolicyJob['topK']>,
  student: { hidden: tf.Tensor; weight: tf.Tensor },
): tf.Scalar {
  const { kl } = vocabularyLoss({
    ...student,
    mask: weighted(weights),
    rows: {
      topIds: tf.tensor2d(tokenIds, [weights.length, k]),
      topLogProbs: tf.tensor2d(logProbs, [weights.length, k]),
    },
    run: ({ studentLogits, mask, rows }) => ({
      kl: topKDivergence({
        studentLogits,
        mask,
        topIds: rows.topIds as tf.Tensor2D,
        topLogProbs: rows.topLogProbs as tf.Tensor2D,
        direction,
      }),
    }),
  });
  return weightedSum(kl, weights);
}

export function runPolicyJob(context: JobContext, job: PolicyJob): Promise<GradientResult> {
  const student = modelNamed(context, job.student);
  const { sequences, actions } = segmentsOf(job.rows);
  return withBatch(job.rows, async (batch) => {
    const guide = job.teacher;
    const teacher = guide === undefined ? undefined : modelNamed(context, guide.name);
    // Logits are linear in the hidden states, so these make the distributions that the temperature stands for.
    const tempered = (hidden: tf.Tensor) => (job.temperature === 1 ? hidden : tf.div(hidden, job.temperature));
    const target =
      teacher === undefined ? undefined : tf.tidy(() => tempered(scoredHidden(teacher, batch, job.rows).hidden));
    const { gradientCheckpointing } = job;
    const result = await gradientOf(student, () => {
      const scored = scoredHidden(student, batch, job.rows, { gradientCheckpointing });
      const { logProbs, entropy } = tokenLogProbs({ ...scored, temperature: job.temperature });
      const inputs: LossInputs = {
        logProbs,
        oldLogProbs: tf.tensor1d(job.oldLogProbs),
        advantages: tf.tensor1d(job.advantages),
        weights: tf.tensor1d(job.weights),
      };
      const policy = chosenLoss(job, inputs, sequences);
      const bonus = entropyBonus({ entropy, weights: inputs.weights, coefficient: job.entropyCoefficient });
      const metrics: Record<string, tf.Tensor> = { ...policy.metrics, ...bonus.metrics, policyLoss: policy.loss };
      Object.assign(metrics, tokenSums(job, inputs, entropy));
      let loss = tf.add(policy.loss, bonus.loss);
      if (job.lldsCoefficient !== undefined && job.lldsCoefficient > 0) {
        const llds = lldsLoss({ ...inputs, actions, coefficient: job.lldsCoefficient });
        loss = tf.add(loss, llds.loss);
        metrics.lldsLoss = llds.loss;
      }
      if (guide !== undefined && teacher !== undefined && target !== undefined) {
        const guided = weightedSum(
          vocabularyKl({
            hidden: tempered(scored.hidden),
            weight: scored.weight,
            teacherHidden: target,
            teacherWeight: outputEmbedding(teacher),
            mask: weighted(guide.weights),
            direction: guide.direction,
          }),
          guide.weights,
        );
        loss = tf.add(loss, guided);
        metrics.guidanceLoss = guided;
      }
      if (job.topK !== undefined) {
        const guided = topKLoss(job.topK, { hidden: tempered(scored.hidden), weight: scored.weight });
        loss = tf.add(loss, guided);
        metrics.guidanceLoss = guided;
      }
      if (job.kl !== undefined) {
        const { referenceLogProbs, weights, ...form } = job.kl;
        const pull = klLoss({
          ...form,
          logProbs,
          oldLogProbs: inputs.oldLogProbs,
          referenceLogProbs: tf.tensor1d(referenceLogProbs),
          weights: tf.tensor1d(weights),
        });
        loss = tf.add(loss, pull.loss);
        metrics.guidanceLoss = pull.loss;
      }
      return { loss: loss as tf.Scalar, metrics };
    });
    target?.dispose();
    return result;
  });
}
