import type { DistillJob, Guide } from '../../compute/distill-job.js';
import { type ScoredRow, scoredCount } from '../../compute/scored-rows.js';
import type { DistillSettings } from '../../recipe/distill-section.js';
import { microBatches } from '../micro-batches.js';

const concatenated = (parts: readonly Float32Array[]) => Float32Array.from(parts.flatMap((part) => [...part]));

/** The part of a loss that compares distributions, and its weight; none where only tokens are learned. */
function guideOf(
  settings: DistillSettings,
  taidT: number | undefined,
): { guide: Guide; guideWeight: number } | undefined {
  const { objective, divergence, klWeight, onPolicy } = settings;
  const chosen: Guide = { kind: 'divergence', ...divergence };
  switch (objective) {
    case 'sft':
    case 'opd':
      return undefined;
    case 'kd':
      return klWeight > 0 ? { guide: chosen, guideWeight: klWeight } : undefined;
    case 'gkd':
    case 'distillm':
      return { guide: chosen, guideWeight: 1 };
    case 'taid':
      return { guide: { kind: 'taid', t: taidT ?? 1, temperature: divergence.temperature }, guideWeight: 1 };
    case 'minillm':
      return {
        guide: { ...chosen, name: 'rkl', temperature: onPolicy.temperature },
        guideWeight: 1,
      };
  }
}

/** Weight of the cross-entropy. */
function ceWeightOf({ objective, ceWeight }: DistillSettings): number {
  if (objective === 'sft') return 1;
  return objective === 'kd' ? ceWeight : 0;
}

/** Micro-batches of one update; the loss is a mean over the scored tokens of all its rows. */
export function distillJobs(options: {
  settings: DistillSettings;
  student: string;
  teacher?: string | undefined;
  rows: readonly ScoredRow[];
  /** With `taid`: of its schedule. */
  taidT?: number | undefined;
  /** With `minillm` and `opd`, per row. */
  sampled?: { oldLogProbs: readonly Float32Array[]; advantages: readonly Float32Array[] } | undefined;
}): DistillJob[] {
  const { settings, student, teacher, rows, taidT, sampled } = options;
  const guidance = guideOf(settings, taidT);
  const counts = rows.map(scoredCount);
  const total = counts.reduce((sum, count) => sum + count, 0);
  return microBatches({ rows, microBatchSize: settings.microBatchSize }).map((indices): DistillJob => {
    const select = (parts: readonly Float32Array[]) =>
      concatenated(indices.map((index) => parts[index] as Float32Array));
    const tokens = indices.reduce((sum, index) => sum + (counts[index] as number), 0);
    return {
      kind: 'distill',
      student,
      ...(guidance === undefined || teacher === undefined ? {} : { teacher }),
      rows: indices.map((index) => rows[index] as ScoredRow),
      weights: new Float32Array(tokens).fill(1 / total),
      ceWeight: ceWeightOf(settings),
      gradientCheckpointing: settings.gradientCheckpointing,
      ...guidance,
      ...(sampled === undefined
        ? {}
        : {
            sampled: {
              oldLogProbs: select(sampled.oldLogProbs),
              advantages: select(sampled.advantages),
              temperature: settings.onPolicy.temperature,
            },
          }),
    };
  });
}
