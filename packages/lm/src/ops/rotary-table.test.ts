import { describe, expect, test } from 'vitest';
import { type RopeScaling, rotaryTable, unrotatedTable } from './rotary-table.js';

/** Frequencies of a table, from the sines of position 1: exact where they are below π/2. */
function frequencies(headDim: number, theta: number, scaling?: RopeScaling): number[] {
  const table = rotaryTable({ maxPositions: 2, headDim, theta, ...(scaling === undefined ? {} : { scaling }) });
  return [...table.slice(headDim + headDim / 2)].map(Math.asin);
}

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, index) => {
    expect(Math.abs((actual[index] as number) / value - 1)).toBeLessThan(1e-6);
  });
}

describe('rotaryTable', () => {
  test('turns by position · theta^(-2i/headDim)', () => {
    expectClose(frequencies(8, 10_000), [1, 0.1, 0.01, 0.001]);
    const table = rotaryTable({ maxPositions: 4, headDim: 4, theta: 100 });
    const row = [Math.cos(3), Math.cos(0.3), Math.sin(3), Math.sin(0.3)];
    expect([...table.slice(12)]).toEqual(row.map(Math.fround));
    expect([...table.slice(0, 4)]).toEqual([1, 1, 0, 0]);
  });

  test('linear scaling divides every frequency', () => {
    expectClose(frequencies(8, 10_000, { type: 'linear', factor: 4 }), [0.25, 0.025, 0.0025, 0.000_25]);
  });

  test('llama3 scaling keeps fast turns, divides slow ones and blends in between', () => {
    // Over 200π positions the frequencies 1, 0.1, 0.01 and 0.001 make 100, 10, 1 and 0.1 turns.
    const scaling: RopeScaling = {
      type: 'llama3',
      factor: 8,
      lowFreqFactor: 4,
      highFreqFactor: 16,
      originalMaxPositionEmbeddings: 200 * Math.PI,
    };
    // 10 turns lie halfway between 4 and 16: half of 0.1 and half of 0.1 / 8.
    expectClose(frequencies(8, 10_000, scaling), [1, 0.5 * 0.1 + 0.5 * 0.0125, 0.01 / 8, 0.001 / 8]);
  });

  test('a model without rotary positions turns nothing', () => {
    expect([...unrotatedTable({ maxPositions: 2, headDim: 4 })]).toEqual([1, 1, 0, 0, 1, 1, 0, 0]);
  });
});
