import { ConfigError } from '@dgpo/trajectory';
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { divergenceOf, logits, logSoftmax } from './__fixtures__/distributions.js';
import { centralDifferences, expectClose, preciseDifferences } from './__fixtures__/numerics.js';
import { exactKl } from './exact-kl.js';
import { checkKlForm, type KlForm, klFormGradient } from './kl-form.js';
import { tokenKl } from './token-kl.js';
import { topKKl } from './top-k-kl.js';

const estimators = ['k1', 'k2', 'k3', 'abs'] as const;
const directions = ['reverse', 'forward'] as const;
const places = [
  { form: 'reward' },
  { form: 'loss' },
  { form: 'loss', importanceWeighted: true },
] as const satisfies Partial<KlForm>[];
const sampled = estimators.flatMap((estimator) =>
  directions.flatMap((direction) =>
    places.map((place) => ({ estimator, direction, importanceWeighted: false, ...place })),
  ),
);

/**
 * Expected gradient of a form by the policy's logits, summed over the vocabulary: tokens come from `old`, and a reward reaches the policy
 * through `π / π_old` as in the policy loss.
 */
function expectedGradient(form: (typeof sampled)[number], q: readonly number[], p: readonly number[], old = q) {
  return q.map((_, j) =>
    q.reduce((sum, logProb, a) => {
      const oldLogProb = old[a] as number;
      const { value, slope } = tokenKl({ ...form, logProb, referenceLogProb: p[a] as number, oldLogProb });
      const weight = form.form === 'reward' ? Math.exp(logProb - oldLogProb) * value : slope;
      return sum + Math.exp(oldLogProb) * weight * ((a === j ? 1 : 0) - Math.exp(q[j] as number));
    }, 0),
  );
}

const exactGradient = (direction: 'reverse' | 'forward', q: readonly number[], p: readonly number[]) => [
  ...exactKl({ logProbs: q, referenceLogProbs: p, vocabularySize: q.length, direction }).logitGradient,
];

describe('every form, over an enumerated vocabulary', () => {
  property.prop([logits, logits])('has the expected gradient that the table says, to 1e-10', (z, reference) => {
    const [q, p] = [logSoftmax(z), logSoftmax(reference)];
    const reverse = exactGradient('reverse', q, p);
    const forward = exactGradient('forward', q, p);
    const gaps = q.map((logProb, a) => Math.sign(logProb - (p[a] as number)));
    const meanGap = q.reduce((sum, logProb, a) => sum + Math.exp(logProb) * (gaps[a] as number), 0);
    const known = {
      reverse,
      forward,
      zero: q.map(() => 0),
      // ∇ Σ |q − p| by the logits
      'total-variation': q.map((logProb, a) => Math.exp(logProb) * ((gaps[a] as number) - meanGap)),
      'reverse-minus-forward': reverse.map((value, j) => value - (forward[j] as number)),
    };
    for (const form of sampled) {
      const gradient = klFormGradient(form);
      if (gradient !== 'other') expectClose(expectedGradient(form, q, p), known[gradient], 1e-10);
    }
  });

  test.each(sampled.filter((form) => klFormGradient(form) === 'other'))(
    '$estimator $direction as a $form, weighted $importanceWeighted, follows neither KL',
    (form) => {
      const [q, p] = [logSoftmax([0.5, -0.4, 0.1, 0.6, -0.6]), logSoftmax([-0.5, 0.2, 0.6, 0, 0.3])];
      const gradient = expectedGradient(form, q, p);
      for (const direction of directions) {
        const exact = exactGradient(direction, q, p);
        const gap = Math.max(...gradient.map((value, j) => Math.abs(value - (exact[j] as number))));
        expect(gap).toBeGreaterThan(0.01);
      }
    },
  );

  property.prop([logits, logits])(
    'full and topK: nothing in the reward, their divergence as a loss',
    (z, reference) => {
      const [q, p] = [logSoftmax(z), logSoftmax(reference)];
      const k = 3;
      const merge = (logProbs: readonly number[]) => [
        ...logProbs.slice(0, k),
        Math.log(logProbs.slice(k).reduce((sum, value) => sum + Math.exp(value), 0)),
      ];
      for (const direction of directions) {
        const full = exactKl({ logProbs: q, referenceLogProbs: p, vocabularySize: 5, direction });
        const topK = topKKl({ logProbs: q.slice(0, k), referenceLogProbs: p.slice(0, k), k, direction });
        const slopes = topK.gradient.reduce((sum, slope) => sum + slope, 0);
        const found = {
          full: {
            kl: full.kl,
            gradient: full.logitGradient,
            at: (x: readonly number[]) => divergenceOf(direction, x, p),
          },
          topK: {
            kl: topK.kl,
            gradient: q.map((logQ, j) => (topK.gradient[j] ?? 0) - Math.exp(logQ) * slopes),
            at: (x: readonly number[]) => divergenceOf(direction, merge(x), merge(p)),
          },
        };
        for (const estimator of ['full', 'topK'] as const) {
          const { kl, gradient, at } = found[estimator];
          expectClose(kl, [at(q)], 1e-10);
          expect(klFormGradient({ estimator, direction, form: 'loss' })).toBe(direction);
          expectClose(
            gradient,
            preciseDifferences((x) => at(logSoftmax(x)), z),
            1e-10,
          );
          expect(klFormGradient({ estimator, direction, form: 'reward' })).toBe('zero');
          const penalty = kl[0] as number;
          const inTheReward = q.map((_, j) =>
            q.reduce(
              (sum, logQ, a) => sum + Math.exp(logQ) * penalty * ((a === j ? 1 : 0) - Math.exp(q[j] as number)),
              0,
            ),
          );
          expectClose(inTheReward, [0, 0, 0, 0, 0], 1e-10);
        }
      }
    },
  );

  property.prop([logits, logits, logits])(
    'a penalty of k1 and the weighted forms stay right when older weights sampled',
    (z, reference, before) => {
      const [q, p, old] = [logSoftmax(z), logSoftmax(reference), logSoftmax(before)];
      for (const form of sampled) {
        if (klFormGradient(form) !== form.direction || (form.form === 'loss' && !form.importanceWeighted)) continue;
        expectClose(expectedGradient(form, q, p, old), exactGradient(form.direction, q, p), 1e-10);
      }
    },
  );

  property.prop([logits, logits])('k1 and k3 are unbiased in both directions, k3 is never negative', (z, reference) => {
    const [q, p] = [logSoftmax(z), logSoftmax(reference)];
    for (const direction of directions) {
      for (const estimator of ['k1', 'k3'] as const) {
        const values = q.map(
          (logProb, a) => tokenKl({ logProb, referenceLogProb: p[a] as number, estimator, direction }).value,
        );
        const expectation = q.reduce((sum, logProb, a) => sum + Math.exp(logProb) * (values[a] as number), 0);
        expectClose([expectation], [divergenceOf(direction, q, p)], 1e-10);
        if (estimator === 'k3') expect(Math.min(...values)).toBeGreaterThanOrEqual(-1e-15);
      }
    }
  });
});

describe('tokenKl', () => {
  const logProb = fc.double({ min: -30, max: -0.01, noNaN: true });

  property.prop([logProb, logProb, logProb])('the slope is the derivative, where the value is smooth', (x, p, old) => {
    const borders = [0, 20, -20];
    const isSmooth = (value: number) => borders.every((border) => Math.abs(value - border) > 1e-3);
    if (!isSmooth(x - p) || !isSmooth(x - old)) return;
    for (const form of sampled) {
      const options = { ...form, referenceLogProb: p, oldLogProb: old };
      const { value, slope } = tokenKl({ ...options, logProb: x });
      if (form.estimator === 'k3' && !form.importanceWeighted && Math.abs(value - 10) < 0.1) continue;
      const [expected = 0] = centralDifferences(([at = 0]) => tokenKl({ ...options, logProb: at }).value, [x]);
      // Relative to the value, which reaches e^20 · e^20.
      expect(Math.abs(slope - expected)).toBeLessThanOrEqual(1e-5 * (1 + Math.abs(value)));
    }
  });

  test('k3 is held at 10 unless it is weighted, and its logarithm within ±20', () => {
    expect(tokenKl({ logProb: -90, referenceLogProb: -1, estimator: 'k3' })).toEqual({ value: 10, slope: 0 });
    const free = tokenKl({ logProb: -4, referenceLogProb: -1, estimator: 'k3', importanceWeighted: true });
    expectClose([free.value], [Math.exp(3) - 4], 1e-14);
    expectClose([free.slope], [-3], 1e-14); // (w − 1 − log w) + (1 − w) = −log w
    const far = tokenKl({ logProb: -90, referenceLogProb: -1, estimator: 'k1', direction: 'forward' });
    expectClose([far.value, far.slope], [20 * Math.exp(20), 0], 1e-15);
  });
});

describe('checkKlForm', () => {
  test('lets the right ones through, in all', () => {
    const isRefused = (form: KlForm) => {
      try {
        checkKlForm(form);
        return false;
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigError);
        return true;
      }
    };
    const name = ({ estimator, direction, form, importanceWeighted }: KlForm) =>
      `${estimator} ${direction} ${importanceWeighted ? 'weighted ' : ''}${form}`;
    expect(
      sampled
        .filter((form) => !(form.form === 'reward' && form.importanceWeighted) && !isRefused(form))
        .map(name)
        .sort(),
    ).toEqual([
      'k1 forward weighted loss',
      'k1 reverse reward',
      'k1 reverse weighted loss',
      'k2 reverse loss',
      'k3 forward weighted loss',
      'k3 reverse weighted loss',
    ]);
    for (const estimator of ['full', 'topK'] as const) {
      for (const direction of directions) checkKlForm({ estimator, direction, form: 'loss' });
    }
    for (const form of sampled.filter(isRefused)) checkKlForm({ ...form, biased: true });
  });

  test('says which gradient it would be and what to take', () => {
    expect(() => checkKlForm({ estimator: 'k1', direction: 'reverse', form: 'loss' })).toThrow(
      'estimator: k1 as a loss has the gradient of nothing: in expectation it is 0, not that of KL(policy ‖ reference); take k2,',
    );
    expect(() => checkKlForm({ estimator: 'k3', direction: 'reverse', form: 'loss' })).toThrow(
      'the gradient of KL(reference ‖ policy), not that of KL(policy ‖ reference)',
    );
    expect(() => checkKlForm({ estimator: 'k3', direction: 'reverse', form: 'reward' })).toThrow('take k1, or a loss');
    expect(() => checkKlForm({ estimator: 'full', direction: 'forward', form: 'reward' })).toThrow(
      'take a loss of full',
    );
  });

  test('refuses what has no effect', () => {
    const right = { estimator: 'k1', direction: 'reverse', form: 'reward' } as const;
    expect(() => checkKlForm({ ...right, importanceWeighted: true })).toThrow('importanceWeighted: has no effect here');
    expect(() =>
      checkKlForm({ estimator: 'full', direction: 'reverse', form: 'loss', importanceWeighted: true }),
    ).toThrow('full sums over tokens');
    expect(() => checkKlForm({ ...right, biased: true })).toThrow('biased: k1 as a reward has the right gradient');
  });
});
