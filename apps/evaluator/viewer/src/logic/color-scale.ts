import { formatNumber } from '@dgpo/arc';
import type { ChannelName } from './token-channels.js';

/** A step of a scale: the class carries its colour, the label its meaning. */
interface ScaleStep {
  className: string;
  label: string;
}

export interface ColorScale {
  /** As in the legend, in ascending strength. */
  steps: readonly ScaleStep[];
  /** The step of a value; null for a token without one. */
  stepOf(value: number | null): ScaleStep | null;
}

const given = { className: 'tone-none', label: 'given: prompt, passages' };
const sampled = { className: 'tone-policy', label: 'sampled by the policy' };

const maskScale: ColorScale = {
  steps: [given, sampled],
  stepOf: (value) => (value === null ? null : value === 1 ? sampled : given),
};

/** Steps of `exp(logProb)`, the surest first. A value on a bound belongs to the surer step. */
const probabilitySteps = [0.9, 0.5, 0.2, 0.05, 0.01, 0].map((least, level, all) => ({
  className: `tone-warm-${level}`,
  label: least === 0 ? `p < ${all.at(-2)}` : `p ≥ ${least}`,
  least: Math.log(least),
}));

const logProbScale: ColorScale = {
  steps: probabilitySteps,
  stepOf(value) {
    if (value === null || Number.isNaN(value)) return null;
    return probabilitySteps.find(({ least }) => value >= least - 1e-12) ?? null;
  },
};

const nothing = { className: 'tone-none', label: '0' };

/** Three steps to either side of a neutral one. `bounds`: where the neutral step, the first and the second end, and the third is full. */
function divergingScale(
  bounds: readonly [number, number, number],
  neutral: ScaleStep,
  ends: readonly string[],
): ColorScale {
  const side = (sign: 'plus' | 'minus', mark: string) =>
    ends.map((end, index) => ({ className: `tone-${sign}-${index + 1}`, label: end.replaceAll('±', mark) }));
  const above = side('plus', '+');
  const below = side('minus', '\u2212');
  return {
    steps: [...below.toReversed(), neutral, ...above],
    stepOf(value) {
      if (value === null || Number.isNaN(value)) return null;
      const size = Math.abs(value);
      if (size <= bounds[0]) return neutral;
      const level = size <= bounds[1] ? 0 : size <= bounds[2] ? 1 : 2;
      return (value > 0 ? above : below)[level] ?? neutral;
    },
  };
}

const klScale = divergingScale([0.1, 0.5, 2], { className: 'tone-none', label: 'within 0.1 nats' }, [
  '±0.1 to ±0.5',
  '±0.5 to ±2',
  'beyond ±2',
]);

/** Thirds of the largest absolute value. */
function advantageScale(values: readonly (number | null)[]): ColorScale {
  let largest = 0;
  for (const value of values)
    if (value !== null && Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
  if (largest === 0) {
    return { steps: [nothing], stepOf: (value) => (value === null || Number.isNaN(value) ? null : nothing) };
  }
  const thirds = [largest / 3, (2 * largest) / 3, largest] as const;
  return divergingScale(
    [0, thirds[0], thirds[1]],
    nothing,
    thirds.map((end) => `to ±${formatNumber(end)}`),
  );
}

/**
 * The scale of a channel over one episode. Log-probabilities and divergences have the same fixed steps everywhere, so that episodes
 * compare; advantages have no scale of their own and are set against the largest of the episode.
 */
export function colorScale(channel: ChannelName, values: readonly (number | null)[]): ColorScale {
  if (channel === 'mask') return maskScale;
  if (channel === 'logProb') return logProbScale;
  return channel === 'teacherKl' ? klScale : advantageScale(values);
}
