import { expect, test } from 'vitest';
import { type ScoredRow, scoredCount, scoredPositions } from './scored-rows.js';

const row = (tokenIds: number[], mask: number[]): ScoredRow => ({
  tokenIds: Int32Array.from(tokenIds),
  mask: Uint8Array.from(mask),
});

test('a token is predicted by the hidden state one before it, in its own padded row', () => {
  const rows = [row([10, 11, 12, 13], [0, 0, 1, 1]), row([20, 21, 22], [0, 1, 0]), row([30, 31], [0, 0])];
  const { hiddenRows, targets, counts } = scoredPositions(rows, 4);
  expect([...hiddenRows]).toEqual([1, 2, 4]);
  expect([...targets]).toEqual([12, 13, 21]);
  expect(counts).toEqual([2, 1, 0]);
});

test('nothing predicts the first token of a row, so it never counts', () => {
  const marked = row([10, 11, 12], [1, 0, 1]);
  expect(scoredCount(marked)).toBe(1);
  expect([...scoredPositions([marked], 3).hiddenRows]).toEqual([1]);
});
