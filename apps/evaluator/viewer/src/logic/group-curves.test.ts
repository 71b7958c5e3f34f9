import { expect, it } from 'vitest';
import { groupCurves } from './group-curves.js';

it('groups series by metric, the customary ones first', () => {
  const series = [
    { name: 'lr', stage: 'dgpo', steps: [1], values: [0.1], count: 1 },
    { name: 'loss', stage: 'cold-start', steps: [1, 2], values: [3, null], count: 2 },
    { name: 'reward', stage: 'dgpo', steps: [1], values: [0.5], count: 1 },
    { name: 'lr', stage: 'cold-start', steps: [1], values: [0.2], count: 1 },
  ];
  const groups = groupCurves(series);
  expect(groups.map(({ name }) => name)).toEqual(['reward', 'loss', 'lr']);
  expect(groups[1]?.curves[0]?.points).toEqual([
    [1, 3],
    [2, null],
  ]);
  expect(groups[2]?.curves.map(({ name }) => name)).toEqual(['dgpo', 'cold-start']);
});
