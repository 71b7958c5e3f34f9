import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRandom, type Random, restoreRandom } from './random.js';

const draw = (random: Random, count: number) => Array.from({ length: count }, () => random.next());
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('createRandom', () => {
  test('same seed, same numbers; other seed, other numbers', () => {
    expect(draw(createRandom(7), 20)).toEqual(draw(createRandom(7), 20));
    expect(draw(createRandom(7), 20)).not.toEqual(draw(createRandom(8), 20));
  });

  test('numbers lie in [0, 1), with mean 1/2 and variance 1/12', () => {
    const values = draw(createRandom(1), 20_000);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
    // Standard error of the mean: sqrt(1/12/20000) = 0.002.
    expect(Math.abs(mean(values) - 0.5)).toBeLessThan(0.01);
    expect(Math.abs(mean(values.map((value) => (value - 0.5) ** 2)) - 1 / 12)).toBeLessThan(0.005);
  });

  test.each([0, 1, 2, 3, 4])('number %i of small seeds is spread out too', (position) => {
    const values = Array.from({ length: 2000 }, (_, seed) => draw(createRandom(seed), 5)[position] ?? 0);
    expect(Math.abs(mean(values) - 0.5)).toBeLessThan(0.03);
    expect(Math.abs(mean(values.map((value) => (value - 0.5) ** 2)) - 1 / 12)).toBeLessThan(0.01);
  });

  test('normal has mean 0 and variance 1 and is always finite', () => {
    const random = createRandom(3);
    const values = Array.from({ length: 20_000 }, () => random.normal());
    expect(values.every(Number.isFinite)).toBe(true);
    expect(Math.abs(mean(values))).toBeLessThan(0.03);
    expect(Math.abs(mean(values.map((value) => value ** 2)) - 1)).toBeLessThan(0.05);
  });

  test('integer covers its range and nothing else', () => {
    const random = createRandom(5);
    const counts = new Map<number, number>();
    for (let i = 0; i < 6000; i++) {
      const value = random.integer(6);
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual([0, 1, 2, 3, 4, 5]);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  test('pick takes an element and refuses an empty list', () => {
    expect(['a', 'b']).toContain(createRandom(1).pick(['a', 'b']));
    expect(() => createRandom(1).pick([])).toThrow(RangeError);
  });

  test('shuffle is a permutation, leaves its input alone and favours no order', () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(fc.integer()), (seed, items) => {
        const before = [...items];
        const shuffled = createRandom(seed).shuffle(items);
        expect(items).toEqual(before);
        expect([...shuffled].sort((a, b) => a - b)).toEqual([...items].sort((a, b) => a - b));
      }),
    );
    const random = createRandom(9);
    const orders = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = random.shuffle(['a', 'b', 'c']).join('');
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
    expect(orders.size).toBe(6);
    for (const count of orders.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});

describe('split', () => {
  test('depends on the names, not on what was drawn before', () => {
    const random = createRandom(11);
    const before = draw(random.split('rollout', 3), 10);
    draw(random, 100);
    expect(draw(random.split('rollout', 3), 10)).toEqual(before);
  });

  test.each([
    [['a'], ['b']],
    [['a', 'b'], ['ab']],
    [
      ['a', 'b'],
      ['b', 'a'],
    ],
    [[1], ['1']],
    [['task#1', 0], ['task#10']],
    [['a'], ['a', 0]],
  ])('%j and %j differ', (left, right) => {
    const random = createRandom(0);
    expect(draw(random.split(...left), 4)).not.toEqual(draw(random.split(...right), 4));
  });

  test('differs by seed and nests', () => {
    expect(draw(createRandom(0).split('a'), 4)).not.toEqual(draw(createRandom(1).split('a'), 4));
    expect(draw(createRandom(0).split('a').split('b'), 4)).not.toEqual(draw(createRandom(0).split('a'), 4));
  });

  test('first numbers of neighbouring names are spread out', () => {
    const values = Array.from({ length: 2000 }, (_, name) => createRandom(0).split('episode', name).next());
    expect(Math.abs(mean(values) - 0.5)).toBeLessThan(0.03);
  });
});

test('restoreRandom continues where the state was taken, through JSON, splits included', () => {
  fc.assert(
    fc.property(fc.integer(), fc.nat(50), (seed, drawn) => {
      const random = createRandom(seed);
      draw(random, drawn);
      const restored = restoreRandom(JSON.parse(JSON.stringify(random.state())));
      expect(draw(restored.split('x'), 3)).toEqual(draw(random.split('x'), 3));
      expect(draw(restored, 10)).toEqual(draw(random, 10));
    }),
  );
});
