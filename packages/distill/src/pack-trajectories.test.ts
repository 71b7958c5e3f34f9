import { flattenTrajectory } from '@dgpo/trajectory';
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { episode } from './__fixtures__/episodes.js';
import { packTrajectories } from './pack-trajectories.js';

const short = episode({ task: 'a', turns: [[7]] });
const long = episode({ task: 'b', turns: [[1, 2], [3]] });

describe('packTrajectories', () => {
  test('by hand', () => {
    const packed = packTrajectories({ trajectories: [short, long], paddingTokenId: 99 });
    expect(packed.shape).toEqual([2, 7]);
    expect([...packed.tokenIds]).toEqual([90, 91, 7, 99, 99, 99, 99, 90, 91, 1, 2, 80, 81, 3]);
    expect([...packed.policyMask.data]).toEqual([0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1]);
    expect([...packed.mask.data]).toEqual([0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
    expect([...packed.logProbs.data].map((value) => Math.round(value * 10) / 10 + 0)).toEqual([
      0, 0, -0.1, 0, 0, 0, 0, 0, 0, -0.1, -0.2, 0, 0, -0.3,
    ]);
    expect([...packed.lengths]).toEqual([3, 7]);
    expect(packed.dropped).toEqual([]);
  });

  test('episodes that are too long are left out whole', () => {
    const packed = packTrajectories({ trajectories: [long, short, long], maximumTokens: 6 });
    expect(packed.shape).toEqual([1, 3]);
    expect([...packed.rows]).toEqual([1]);
    expect(packed.dropped).toEqual(['b#0', 'b#0']);
    expect(packTrajectories({ trajectories: [long], maximumTokens: 7 })).toMatchObject({ shape: [1, 7], dropped: [] });
  });

  test('nothing to pack', () => {
    const packed = packTrajectories({ trajectories: [] });
    expect(packed.shape).toEqual([0, 0]);
    expect(packed.tokenIds.length).toBe(0);
  });

  test('episodes without token ids or log-probabilities', () => {
    const text = { id: 'x#0', segments: [{ kind: 'policy' as const, text: 'x' }] };
    expect(() => packTrajectories({ trajectories: [text] })).toThrow('x#0');
    const plain = { id: 'x#0', segments: [{ kind: 'policy' as const, text: 'x', tokenIds: [1] }] };
    expect([...packTrajectories({ trajectories: [plain] }).logProbs.data]).toEqual([Number.NaN]);
    expect(() => packTrajectories({ trajectories: [], maximumTokens: 0 })).toThrow('maximumTokens');
  });
});

property.prop([
  fc.array(fc.array(fc.array(fc.nat(50), { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 })),
])('unpacking gives the episodes back', (specs) => {
  const trajectories = specs.map((turns, index) => episode({ task: `t${index}`, turns }));
  const { shape, tokenIds, policyMask, logProbs, lengths } = packTrajectories({ trajectories });
  trajectories.forEach((trajectory, row) => {
    const [start, end] = [row * shape[1], row * shape[1] + (lengths[row] as number)];
    const flat = flattenTrajectory(trajectory);
    expect([...tokenIds.slice(start, end)]).toEqual(flat.tokenIds);
    expect([...policyMask.data.slice(start, end)]).toEqual(flat.policyMask);
    expect([...logProbs.data.slice(start, end)]).toEqual(flat.logProbs.map(Math.fround));
    expect(policyMask.data.slice(end, (row + 1) * shape[1]).every((value) => value === 0)).toBe(true);
  });
});
