import type { TeacherScores, TeacherTopK } from '@dgpo/distill/teachers';
import { type Grid, tokenWeights } from '@dgpo/rl';
import type { ValueJob } from '../../compute/jobs.js';
import type { PolicyJob, PolicyLossChoice } from '../../compute/policy-job.js';
import { type ScoredRow, scoredCount } from '../../compute/scored-rows.js';
import { isGuided, type RlSettings } from '../../recipe/rl-section.js';
import { microBatches } from '../micro-batches.js';
import { cutRows, fromGrid, toGrid } from '../token-grid.js';
import { guidanceWeights } from './guidance.js';
import type { OldPolicy } from './sampler-mismatch.js';
import type { TrainingBatch } from './training-batch.js';

/** Vectors of the scored tokens, one per row. */
type PerRow = readonly Float32Array[];

/** What one update learns from. */
export interface UpdateData {
  batch: TrainingBatch;
  settings: RlSettings;
  old: OldPolicy;
  advantages: PerRow;
  /** Of the reference at the sampled tokens, one per row, where a KL loss over them or its most likely tokens needs it. */
  referenceScores?: readonly TeacherScores[] | undefined;
  /** Of the guidance in this update. */
  beta: number;
  /** Divisor of `seq-mean-token-sum-norm`. */
  maxTokens: number;
  student: string;
  /** Name of the reference in the workers. */
  reference?: string | undefined;
  critic?: { name: string; rows: readonly ScoredRow[]; oldValues: PerRow; returns: PerRow } | undefined;
}

/** Cuts a grid of policy tokens into rows. */
export function perRow(grid: Grid, counts: readonly number[]): Float32Array[] {
  return cutRows(fromGrid(grid, counts), counts);
}

function concatenated(parts: PerRow): Float32Array {
  const result = new Float32Array(parts.reduce((total, part) => total + part.length, 0));
  let next = 0;
  for (const part of parts) {
    result.set(part, next);
    next += part.length;
  }
  return result;
}

const joined = (values: PerRow, indices: readonly number[]): Float32Array =>
  concatenated(indices.map((index) => values[index] as Float32Array));

/** What the reference gives at its most likely tokens, row after row. */
function joinedTopK(scores: readonly TeacherScores[]): TeacherTopK {
  const parts = scores.map(({ topK }) => {
    if (topK === undefined) throw new TypeError('a KL over the most likely tokens of the reference needs these');
    return topK;
  });
  return {
    k: parts[0]?.k ?? 0,
    tokenIds: Int32Array.from(parts.flatMap(({ tokenIds }) => [...tokenIds])),
    logProbs: concatenated(parts.map(({ logProbs }) => logProbs)),
  };
}

/** Micro-batches of some rows, as indices into all rows. */
function cutsOf(rows: readonly ScoredRow[], members: readonly number[], microBatchSize: number): number[][] {
  const own = members.map((index) => rows[index] as ScoredRow);
  return microBatches({ rows: own, microBatchSize }).map((cut) => cut.map((place) => members[place] as number));
}

function lossChoice({ policyLoss, clipRatio }: RlSettings): PolicyLossChoice {
  const { name, dualClip } = policyLoss;
  const isSequence = name === 'gspo';
  const clipRatioLow = policyLoss.clipRatioLow ?? (isSequence ? undefined : clipRatio);
  const clipRatioHigh = policyLoss.clipRatioHigh ?? (isSequence ? undefined : clipRatio);
  return {
    name,
    ...(clipRatioLow === undefined ? {} : { clipRatioLow }),
    ...(clipRatioHigh === undefined ? {} : { clipRatioHigh }),
    ...(dualClip === undefined ? {} : { dualClip }),
  };
}

/** Weights of a mini-batch, one vector for each of its members, under the index of the row. */
function weightsOf(weights: Grid, members: readonly number[], counts: readonly number[]): Float32Array[] {
  const cut = perRow(
    weights,
    members.map((index) => counts[index] as number),
  );
  const byRow: Float32Array[] = [];
  members.forEach((index, place) => {
    byRow[index] = cut[place] as Float32Array;
  });
  return byRow;
}

/** The jobs of the policy for one mini-batch; none where no token of it counts. `totalWeight` turns their sums into means. */
export function policyJobs(data: UpdateData, members: readonly number[]): { jobs: PolicyJob[]; totalWeight: number } {
  const { batch, settings, old, reference, beta } = data;
  const { guidance, policyLoss } = settings;
  const { counts, rows } = batch;
  const select = (values: PerRow) => toGrid(members.map((index) => values[index] as Float32Array)).grid;
  const mask = select(perRow(old.lossMask, counts));
  const tokens = tokenWeights({ mask, aggregation: policyLoss.aggregation, maxTokens: data.maxTokens });
  const totalWeight = tokens.data.reduce((total, weight) => total + weight, 0);
  if (totalWeight === 0) return { jobs: [], totalWeight };
  const weights = weightsOf(tokens, members, counts);
  const gate = Float32Array.from(members, (index) => batch.gate[index] as number);
  const isPulled = isGuided(settings) && guidance.form === 'loss' && (reference ?? data.referenceScores) !== undefined;
  const pull = isPulled ? weightsOf(guidanceWeights({ mask, gate, guidance, beta }), members, counts) : undefined;
  const oldLogProbs = perRow(old.logProbs, counts);
  const importance = old.importanceWeights === undefined ? undefined : perRow(old.importanceWeights, counts);
  const gates = counts.map((count, row) => new Float32Array(count).fill(batch.gate[row] as number));

  const pullOf = (indices: readonly number[]): Pick<PolicyJob, 'teacher' | 'topK' | 'kl'> => {
    const { estimator, direction, importanceWeighted, biased } = guidance;
    if (pull === undefined) return {};
    const weights = joined(pull, indices);
    if (estimator === 'full') {
      if (reference === undefined) throw new TypeError('a KL over the vocabulary needs a model in the workers');
      return { teacher: { name: reference, weights, direction } };
    }
    if (data.referenceScores === undefined) throw new TypeError('a KL loss over tokens needs those of the reference');
    const scores = indices.map((index) => data.referenceScores?.[index] as TeacherScores);
    if (estimator === 'topK') return { topK: { ...joinedTopK(scores), weights, direction } };
    const referenceLogProbs = concatenated(scores.map(({ logProbs }) => logProbs));
    return { kl: { referenceLogProbs, weights, estimator, direction, importanceWeighted, biased } };
  };
  const jobs = cutsOf(rows, members, settings.microBatchSize).map(
    (indices): PolicyJob => ({
      kind: 'policy',
      student: data.student,
      rows: indices.map((index) => rows[index] as ScoredRow),
      oldLogProbs: joined(oldLogProbs, indices),
      advantages: joined(data.advantages, indices),
      weights: joined(weights, indices),
      loss: lossChoice(settings),
      ...(importance === undefined ? {} : { importanceWeights: joined(importance, indices) }),
      entropyCoefficient: settings.entropyCoefficient,
      ...(settings.lldsCoefficient === 0 ? {} : { lldsCoefficient: settings.lldsCoefficient }),
      temperature: settings.temperature,
      gradientCheckpointing: settings.gradientCheckpointing,
      ...(guidance.gate === 'never' ? {} : { gate: joined(gates, indices) }),
      ...pullOf(indices),
    }),
  );
  return { jobs, totalWeight };
}

/** The jobs of the critic for one mini-batch. */
export function valueJobs(data: UpdateData, members: readonly number[]): ValueJob[] {
  const { settings, critic } = data;
  if (critic === undefined) return [];
  const { name, rows, oldValues, returns } = critic;
  const tokens = members.reduce((total, index) => total + scoredCount(rows[index] as ScoredRow), 0);
  return cutsOf(rows, members, settings.microBatchSize).map((indices): ValueJob => {
    const old = joined(oldValues, indices);
    return {
      kind: 'value',
      critic: name,
      rows: indices.map((index) => rows[index] as ScoredRow),
      oldValues: old,
      returns: joined(returns, indices),
      weights: new Float32Array(old.length).fill(1 / tokens),
      clipRange: settings.valueClipRange,
      gradientCheckpointing: settings.gradientCheckpointing,
    };
  });
}
