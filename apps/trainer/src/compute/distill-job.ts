import { coldStartLoss, type DivergenceName, divergence, taidDivergence } from '@dgpo/distill';
import { outputEmbedding, tokenLogProbs, vocabularyKl, vocabularyLoss } from '@dgpo/lm';
import { policyLoss } from '@dgpo/rl';
import { ModelError } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs-core';
import { type GradientResult, gradientOf } from './gradient.js';
import { type JobContext, modelNamed, scoredHidden, withBatch } from './jobs.js';
import { requireSameVocabulary } from './require-same-vocabulary.js';
import type { ScoredRow } from './scored-rows.js';

/** What is learned from the next-token distributions of the teacher, per token. */
export type Guide =
  | {
      kind: 'divergence';
      name: DivergenceName;
      beta: number;
      lambda: number;
      headThreshold: number;
      temperature: number;
    }
  /** KL from the teacher that is interpolated with the student, see `taidLoss` of `@dgpo/distill`. */
  | { kind: 'taid'; t: number; temperature: number };

/** A policy gradient on the sampled tokens, from advantages that the teacher's log-probabilities gave. */
export interface SampledGuide {
  /** Both `[scored tokens]`, row by row. */
  oldLogProbs: Float32Array;
  advantages: Float32Array;
  /** Of the sampling. */
  temperature: number;
}

/**
 * One micro-batch of distillation, all on scored tokens alone:
 * `Σ weight · (ceWeight · CE + guideWeight · D(teacher, student)) + policy loss of the sampled tokens`.
 */
export interface DistillJob {
  kind: 'distill';
  student: string;
  /** Needed where `guide` is given. */
  teacher?: string;
  rows: ScoredRow[];
  /** One per scored token, row by row. */
  weights: Float32Array;
  ceWeight: number;
  guide?: Guide;
  /** @default 1 */
  guideWeight?: number;
  sampled?: SampledGuide;
  /** Keeps only the inputs of blocks. @default false */
  gradientCheckpointing?: boolean;
}

/** Metrics of the job: weighted sums before `ceWeight` and `guideWeight`, each where it is part of the loss. */
type DistillMetrics = Partial<
  Record<'crossEntropy' | 'divergence' | 'targetCrossEntropy' | 'policyLoss' | 'approxKl', tf.Tensor>
>;

interface Scored {
  hidden: tf.Tensor;
  weight: tf.Tensor;
}

/** Per token, `[n]`: what is learned, and under `targetCrossEntropy` the signal of TAID's schedule. */
function guideValues(
  guide: Guide,
  { hidden, weight }: Scored,
  teacher: Scored,
): { divergence: tf.Tensor1D; targetCrossEntropy?: tf.Tensor1D } {
  const states = { hidden, weight, teacherHidden: teacher.hidden, teacherWeight: teacher.weight };
  if (guide.kind === 'taid') {
    const { t, temperature } = guide;
    return vocabularyLoss({
      ...states,
      run: (logits) => {
        const { kl, crossEntropy } = taidDivergence({ ...logits, t, temperature });
        return { divergence: kl, targetCrossEntropy: crossEntropy };
      },
    });
  }
  const { kind: _, ...parameters } = guide;
  const { name, temperature } = parameters;
  if ((name === 'fkl' || name === 'rkl') && temperature === 1) {
    const direction = name === 'fkl' ? 'forward' : 'reverse';
    return { divergence: vocabularyKl({ ...states, mask: tf.ones([hidden.shape[0] ?? 0]), direction }) };
  }
  return vocabularyLoss({ ...states, run: (logits) => ({ divergence: divergence({ ...parameters, ...logits }) }) });
}

/** Runs a micro-batch of distillation; the teacher gets no gradient. */
export function runDistillJob(context: JobContext, job: DistillJob): Promise<GradientResult> {
  const student = modelNamed(context, job.student);
  const { guide, guideWeight = 1, ceWeight, sampled } = job;
  if (guide !== undefined && job.teacher === undefined) throw new ModelError('this loss needs a teacher');
  const teacher = guide === undefined ? undefined : modelNamed(context, job.teacher as string);
  if (teacher !== undefined) requireSameVocabulary({ student: student.config, teacher: teacher.config });
  return withBatch(job.rows, async (batch) => {
    // Outside the tape: nothing of the teacher's forward pass needs to be kept.
    const target = teacher === undefined ? undefined : tf.tidy(() => scoredHidden(teacher, batch, job.rows).hidden);
    try {
      return await gradientOf(student, () => {
        const { gradientCheckpointing } = job;
        const scored = scoredHidden(student, batch, job.rows, { gradientCheckpointing });
        const weights = tf.tensor1d(job.weights);
        const total = (values: tf.Tensor) => tf.sum(tf.mul(values, weights)) as tf.Scalar;
        let loss = tf.scalar(0);
        const metrics: DistillMetrics = {};
        const add = (part: tf.Scalar, factor: number) => {
          loss = tf.add(loss, tf.mul(part, factor));
        };
        if (ceWeight > 0) {
          const { logProbs } = tokenLogProbs(scored);
          metrics.crossEntropy = coldStartLoss({ logProbs, weights }).metrics.crossEntropy;
          add(metrics.crossEntropy as tf.Scalar, ceWeight);
        }
        if (guide !== undefined && teacher !== undefined && target !== undefined) {
          const values = guideValues(guide, scored, { hidden: target, weight: outputEmbedding(teacher) });
          metrics.divergence = total(values.divergence);
          if (values.targetCrossEntropy !== undefined) metrics.targetCrossEntropy = total(values.targetCrossEntropy);
          add(metrics.divergence as tf.Scalar, guideWeight);
        }
        if (sampled !== undefined) {
          const policy = policyLoss({
            logProbs: tokenLogProbs({ ...scored, temperature: sampled.temperature }).logProbs,
            oldLogProbs: tf.tensor1d(sampled.oldLogProbs),
            advantages: tf.tensor1d(sampled.advantages),
            weights,
          });
          metrics.policyLoss = policy.loss;
          metrics.approxKl = policy.metrics.approxKl;
          add(policy.loss, 1);
        }
        return { loss, metrics: metrics as Record<string, tf.Tensor> };
      });
    } finally {
      target?.dispose();
    }
  });
}
