import { createRandom } from '@dgpo/trajectory';
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { chooseOnPolicy } from './choose-on-policy.js';

const taskIds = Array.from({ length: 4000 }, (_, index) => `task-${index}`);

describe('chooseOnPolicy', () => {
  test('all at 1, none at 0, the fraction in between', () => {
    const share = (fraction: number, step = 0) =>
      chooseOnPolicy({ seed: 5, step, taskIds, fraction }).filter(Boolean).length / taskIds.length;
    expect([share(0), share(1)]).toEqual([0, 1]);
    // Four standard deviations of a share of 4000 draws are below 0.032.
    for (const step of [0, 1, 77]) expect(Math.abs(share(0.3, step) - 0.3)).toBeLessThan(0.032);
  });

  test('the next step and another seed choose anew', () => {
    const at = (seed: number, step: number) => chooseOnPolicy({ seed, step, taskIds, fraction: 0.5 });
    const first = at(5, 0);
    for (const other of [at(5, 1), at(6, 0)]) {
      const same = other.filter((value, index) => value === first[index]).length;
      expect(Math.abs(same / taskIds.length - 0.5)).toBeLessThan(0.032);
    }
  });

  test('a fraction out of range is refused', () => {
    expect(() => chooseOnPolicy({ seed: 0, step: 0, taskIds, fraction: 2 })).toThrow('fraction');
  });
});

property.prop([
  fc.array(fc.string(), { maxLength: 20 }),
  fc.integer(),
  fc.nat(),
  fc.double({ min: 0, max: 1, noNaN: true }),
])('the order of rows and the cut into micro-batches change nothing', (ids, seed, step, fraction) => {
  const choose = (some: readonly string[]) => chooseOnPolicy({ seed, step, taskIds: some, fraction });
  const whole = new Map(ids.map((id, index) => [id, choose(ids)[index]]));
  const shuffled = createRandom(seed).shuffle(ids);
  expect(choose(shuffled)).toEqual(shuffled.map((id) => whole.get(id)));
  expect(ids.flatMap((id) => choose([id]))).toEqual(choose(ids));
});
