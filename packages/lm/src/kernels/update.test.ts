import { describe, expect, it } from 'vitest';
import { testMemory } from './test-memory.js';
import { expectClose, testValues } from './test-values.js';

const counts = [1, 3, 4, 7, 33, 65];

describe('adamW', () => {
  it('follows the definition over several steps, whatever the place in the array', () => {
    const [rate, beta1, beta2, epsilon, decay, scale] = [0.01, 0.9, 0.999, 1e-8, 0.1, 0.5];
    for (const count of counts) {
      const memory = testMemory();
      const [parameter, gradient] = [testValues(count, 'parameter'), testValues(count, 'gradient')];
      const [p, g] = [memory.floats(parameter), memory.floats(gradient)];
      const [m, v] = [memory.floats(new Float32Array(count)), memory.floats(new Float32Array(count))];
      const [expected, first, second] = [
        Float64Array.from(parameter),
        new Float64Array(count),
        new Float64Array(count),
      ];
      for (let step = 1; step <= 5; step++) {
        const [c1, c2] = [1 - beta1 ** step, 1 - beta2 ** step];
        memory.kernels.adamW(count, p, g, m, v, rate, beta1, beta2, epsilon, decay, c1, c2, scale);
        for (let i = 0; i < count; i++) {
          const slope = (gradient[i] ?? 0) * scale;
          first[i] = beta1 * (first[i] ?? 0) + (1 - beta1) * slope;
          second[i] = beta2 * (second[i] ?? 0) + (1 - beta2) * slope ** 2;
          const moved = (rate * ((first[i] ?? 0) / c1)) / (Math.sqrt((second[i] ?? 0) / c2) + epsilon);
          expected[i] = (expected[i] ?? 0) * (1 - rate * decay) - moved;
        }
      }
      expectClose(memory.read(p, count), expected, 1e-6);
      expectClose(memory.read(v, count), second, 1e-7);
    }
  });
});

describe('sums', () => {
  it('sums squares in double precision', () => {
    for (const count of [...counts, 10_001]) {
      const memory = testMemory();
      const x = testValues(count, 'x');
      const expected = x.reduce((sum, value) => sum + value * value, 0);
      expect(Math.abs(memory.kernels.sumOfSquares(count, memory.floats(x)) / expected - 1)).toBeLessThan(1e-13);
    }
  });

  it('adds and scales in place and writes nothing behind the end', () => {
    for (const count of counts) {
      const memory = testMemory();
      const [x, y] = [testValues(count, 'x'), testValues(count, 'y')];
      const [xAt, yAt] = [memory.floats([...x, 9]), memory.floats([...y, 9])];
      memory.kernels.addInto(count, xAt, yAt);
      memory.kernels.scaleInto(count, -3, xAt);
      expect(memory.read(yAt, count + 1)).toEqual(Float32Array.from([...y.map((value, i) => value + (x[i] ?? 0)), 9]));
      expect(memory.read(xAt, count + 1)).toEqual(Float32Array.from([...x.map((value) => -3 * value), 9]));
    }
  });
});
