import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DatasetError } from './errors.js';
import { flattenTrajectory } from './flatten-trajectory.js';
import type { Segment } from './trajectory.js';

test('joins segments and marks what the policy sampled', () => {
  const segments: Segment[] = [
    { kind: 'prompt', text: 'q', tokenIds: [10, 11] },
    { kind: 'policy', text: 's', tokenIds: [12, 13, 14], logProbs: [-0.5, -1, 0] },
    { kind: 'observation', text: 'o', tokenIds: [15] },
    { kind: 'policy', text: 'a', tokenIds: [16], logProbs: [-2] },
  ];
  expect(flattenTrajectory({ id: 't', segments })).toEqual({
    tokenIds: [10, 11, 12, 13, 14, 15, 16],
    policyMask: [0, 0, 1, 1, 1, 0, 1],
    logProbs: [0, 0, -0.5, -1, 0, 0, -2],
  });
});

test('unknown log-probabilities are NaN, not certainty', () => {
  const flat = flattenTrajectory({ id: 't', segments: [{ kind: 'policy', text: 'a', tokenIds: [1, 2] }] });
  expect(flat.logProbs).toEqual([Number.NaN, Number.NaN]);
});

test('refuses segments without ids or with other numbers of log-probabilities, and says which', () => {
  const textOnly: Segment[] = [
    { kind: 'prompt', text: 'q', tokenIds: [1] },
    { kind: 'policy', text: 'a' },
  ];
  const uneven: Segment[] = [{ kind: 'policy', text: 'a', tokenIds: [1, 2], logProbs: [-1] }];
  expect(() => flattenTrajectory({ id: 't#0', segments: textOnly })).toThrow(DatasetError);
  expect(() => flattenTrajectory({ id: 't#0', segments: textOnly })).toThrow('trajectory t#0, segment 1: no tokenIds');
  expect(() => flattenTrajectory({ id: 't#0', segments: uneven })).toThrow('2 tokenIds but 1 logProbs');
});

test('the lists align for any episode', () => {
  const policy = fc.array(fc.tuple(fc.nat(), fc.double({ max: 0, noNaN: true }))).map(
    (tokens): Segment => ({
      kind: 'policy',
      text: '',
      tokenIds: tokens.map(([id]) => id),
      logProbs: tokens.map(([, logProb]) => logProb),
    }),
  );
  const given = fc
    .tuple(fc.constantFrom('prompt' as const, 'observation' as const), fc.array(fc.nat()))
    .map(([kind, tokenIds]): Segment => ({ kind, text: '', tokenIds }));
  fc.assert(
    fc.property(fc.array(fc.oneof(policy, given)), (segments) => {
      const flat = flattenTrajectory({ id: 't', segments });
      const sampled = segments.filter((segment) => segment.kind === 'policy');
      expect(flat.tokenIds).toEqual(segments.flatMap((segment) => segment.tokenIds ?? []));
      expect(flat.policyMask).toHaveLength(flat.tokenIds.length);
      expect(flat.tokenIds.filter((_, i) => flat.policyMask[i] === 1)).toEqual(
        sampled.flatMap((s) => s.tokenIds ?? []),
      );
      expect(flat.logProbs.filter((_, i) => flat.policyMask[i] === 1)).toEqual(
        sampled.flatMap((s) => s.logProbs ?? []),
      );
      expect(flat.logProbs.every((value, i) => flat.policyMask[i] === 1 || value === 0)).toBe(true);
    }),
  );
});
