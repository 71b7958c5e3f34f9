import { expect, test } from 'vitest';
import { pythonShuffle } from './python-shuffle.js';

const shuffle = (length: number, seed: number) => pythonShuffle([...Array(length).keys()], { seed });

test('orders are those of Python 3', () => {
  // random.seed(233); items = list(range(10)); random.shuffle(items)
  expect(shuffle(10, 233)).toEqual([5, 9, 0, 1, 4, 7, 6, 3, 8, 2]);
  const thousand = shuffle(1000, 233);
  expect(thousand.slice(0, 12)).toEqual([127, 320, 431, 331, 760, 454, 129, 769, 485, 270, 689, 918]);
  expect(thousand.reduce((sum, value, index) => sum + value * index, 0)).toBe(251_670_215);
  expect(shuffle(20, 4294967295)).toEqual([8, 2, 3, 14, 11, 1, 0, 12, 7, 13, 4, 10, 17, 5, 15, 9, 16, 18, 6, 19]);
});
