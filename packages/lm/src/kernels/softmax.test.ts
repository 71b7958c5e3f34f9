import { describe, expect, it } from 'vitest';
import { testMemory } from './test-memory.js';
import { centralDifferences, dot, expectClose, testValues } from './test-values.js';

const vocabularies = [1, 3, 7, 33, 65, 2051];
const poison = (row: number, width: number, values: Float32Array) =>
  values.fill(Number.NaN, row * width, (row + 1) * width);

/** Log-probabilities of rows of logits, in double precision. */
const logSoftmax = (logits: ArrayLike<number>, width: number, scale = 1) => {
  const out = Float64Array.from(logits, (value) => value * scale);
  for (let row = 0; row < out.length; row += width) {
    const part = out.subarray(row, row + width);
    const top = part.reduce((a, b) => Math.max(a, b));
    const normalizer = top + Math.log(part.reduce((sum, value) => sum + Math.exp(value - top), 0));
    for (let i = 0; i < width; i++) part[i] = (part[i] ?? 0) - normalizer;
  }
  return out;
};

describe('exp', () => {
  // The gradient of the divergence to a teacher without any mass, for a normaliser of 0, is exp(student).
  const exp = (values: ArrayLike<number>) => {
    const memory = testMemory();
    const n = values.length;
    const out = memory.result(n);
    const teacher = memory.floats(new Float32Array(n).fill(Number.NEGATIVE_INFINITY));
    const [zero, one] = [memory.floats([0]), memory.floats([1])];
    memory.kernels.klDivergenceGradient(1, n, memory.floats(values), teacher, one, 0, zero, zero, zero, one, out);
    return memory.read(out, n);
  };

  it('has a relative error below 3e-7 from -87 to 87', () => {
    const x = Float32Array.from({ length: 60_001 }, (_, i) => -87 + (174 * i) / 60_000);
    const y = exp(x);
    const worst = x.reduce((most, value, i) => Math.max(most, Math.abs((y[i] ?? 0) / Math.exp(value) - 1)), 0);
    expect(worst).toBeLessThan(3e-7);
  });

  it('saturates, is exact at 0 and keeps NaN', () => {
    const y = exp([
      0,
      -1e30,
      Number.NEGATIVE_INFINITY,
      -150,
      88.8,
      1e30,
      Number.POSITIVE_INFINITY,
      Number.NaN,
      88.5,
      -95,
    ]);
    expect([...y.slice(0, 8)]).toEqual([1, 0, 0, 0, Infinity, Infinity, Infinity, Number.NaN]);
    expectClose(y.slice(8), [Math.exp(88.5), Math.exp(-95)], 3e-7);
  });
});

describe('tokenLogProbs', () => {
  const run = (rows: number, vocabulary: number, inverseTemperature: number) => {
    const memory = testMemory();
    const logits = testValues(4 * vocabulary, 'logits')
      .map((value) => 8 * value)
      .slice(0, rows * vocabulary);
    const targets = [0, vocabulary - 1, -1, vocabulary >> 1].slice(0, rows);
    const poisoned = rows > 2 ? poison(2, vocabulary, logits.slice()) : logits;
    const [d, e] = [testValues(4, 'd').slice(0, rows), testValues(4, 'e').slice(0, rows)];
    const [logProbs, entropy, sums] = [memory.result(rows), memory.result(rows), memory.result(rows)];
    const [at, targetsAt] = [memory.floats(poisoned), memory.integers(targets)];
    memory.kernels.tokenLogProbs(rows, vocabulary, at, targetsAt, inverseTemperature, logProbs, entropy, sums);
    memory.kernels.tokenLogProbsGradient(
      rows,
      vocabulary,
      at,
      targetsAt,
      inverseTemperature,
      sums,
      entropy,
      memory.floats(d),
      memory.floats(e),
    );
    const values = (pointer: number) => memory.read(pointer, rows);
    return {
      logits,
      targets,
      d,
      e,
      logProbs: values(logProbs),
      entropy: values(entropy),
      sums: values(sums),
      gradient: memory.read(at, rows * vocabulary),
    };
  };
  const reference = (logits: ArrayLike<number>, vocabulary: number, scale: number, targets: number[]) => {
    const logs = logSoftmax(logits, vocabulary, scale);
    const logProbs = targets.map((target, r) => (target < 0 ? 0 : (logs[r * vocabulary + target] ?? 0)));
    const entropy = targets.map((target, r) => {
      const row = logs.subarray(r * vocabulary, (r + 1) * vocabulary);
      return target < 0 ? 0 : -row.reduce((sum, log) => sum + Math.exp(log) * log, 0);
    });
    return { logProbs, entropy };
  };

  it('equals the definition, and ignores rows without a target even if they are NaN', () => {
    for (const vocabulary of vocabularies) {
      for (const scale of [1, 0.7, 3]) {
        const { logits, targets, logProbs, entropy } = run(4, vocabulary, scale);
        const expected = reference(logits, vocabulary, scale, targets);
        expectClose(logProbs, expected.logProbs, 2e-6);
        expectClose(entropy, expected.entropy, 3e-6);
      }
    }
  });

  it('has the gradient of central differences', () => {
    for (const vocabulary of vocabularies.filter((size) => size < 100)) {
      const { logits, targets, d, e, gradient } = run(4, vocabulary, 0.7);
      const loss = (moved: ArrayLike<number>) => {
        const { logProbs, entropy } = reference(moved, vocabulary, 0.7, targets);
        return dot(logProbs, d) + dot(entropy, e);
      };
      expectClose(gradient, centralDifferences(logits, loss), 1e-5);
    }
  });

  it('takes logits of -Infinity as probability 0', () => {
    const memory = testMemory();
    const [logProbs, entropy, sums] = [memory.result(1), memory.result(1), memory.result(1)];
    const logits = memory.floats([1, Number.NEGATIVE_INFINITY, 1]);
    const targets = memory.integers([2]);
    memory.kernels.tokenLogProbs(1, 3, logits, targets, 1, logProbs, entropy, sums);
    expectClose([memory.read(logProbs, 1)[0] ?? 0, memory.read(entropy, 1)[0] ?? 0], [-Math.LN2, Math.LN2], 1e-6);
    memory.kernels.tokenLogProbsGradient(
      1,
      3,
      logits,
      targets,
      1,
      sums,
      entropy,
      memory.floats([1]),
      memory.floats([1]),
    );
    expectClose(memory.read(logits, 3), [-0.5, 0, 0.5], 1e-6);
  });

  it('gives a row the same bytes alone and in a batch', () => {
    for (const vocabulary of vocabularies) {
      const [one, four] = [run(1, vocabulary, 1), run(4, vocabulary, 1)];
      expect(one.logProbs).toEqual(four.logProbs.slice(0, 1));
      expect(one.entropy).toEqual(four.entropy.slice(0, 1));
      expect(one.gradient).toEqual(four.gradient.slice(0, vocabulary));
    }
  });
});

describe('klDivergence', () => {
  const run = (vocabulary: number, direction: number, rows = 4) => {
    const memory = testMemory();
    const student = testValues(4 * vocabulary, 'student')
      .map((value) => 5 * value)
      .slice(0, rows * vocabulary);
    const teacher = testValues(4 * vocabulary, 'teacher')
      .map((value) => 5 * value)
      .slice(0, rows * vocabulary);
    const mask = [1, 1, 0, 1].slice(0, rows);
    const dValue = testValues(rows, 'dValue');
    const poisoned = (values: Float32Array) => memory.floats(rows > 2 ? poison(2, vocabulary, values.slice()) : values);
    const [s, t, m] = [poisoned(student), poisoned(teacher), memory.floats(mask)];
    const [value, sSums, tSums, gradient] = [
      memory.result(rows),
      memory.result(rows),
      memory.result(rows),
      memory.result(rows * vocabulary),
    ];
    memory.kernels.klDivergence(rows, vocabulary, s, t, m, direction, value, sSums, tSums);
    memory.kernels.klDivergenceGradient(
      rows,
      vocabulary,
      s,
      t,
      m,
      direction,
      value,
      sSums,
      tSums,
      memory.floats(dValue),
      gradient,
    );
    return {
      student,
      teacher,
      mask,
      dValue,
      value: memory.read(value, rows),
      gradient: memory.read(gradient, rows * vocabulary),
    };
  };
  const reference = (
    student: ArrayLike<number>,
    teacher: ArrayLike<number>,
    vocabulary: number,
    direction: number,
    mask: number[],
  ) => {
    const [a, b] = [
      logSoftmax(direction === 0 ? teacher : student, vocabulary),
      logSoftmax(direction === 0 ? student : teacher, vocabulary),
    ];
    return mask.map((keep, r) => {
      let sum = 0;
      for (let i = r * vocabulary; i < (r + 1) * vocabulary; i++)
        sum += Math.exp(a[i] ?? 0) * ((a[i] ?? 0) - (b[i] ?? 0));
      return keep * sum;
    });
  };

  it.each([0, 1])('direction %i equals the definition, skipping masked rows even if they are NaN', (direction) => {
    for (const vocabulary of vocabularies) {
      const { student, teacher, mask, value } = run(vocabulary, direction);
      expectClose(value, reference(student, teacher, vocabulary, direction, mask), 3e-6);
    }
  });

  it.each([0, 1])('direction %i has the gradient of central differences', (direction) => {
    for (const vocabulary of vocabularies.filter((size) => size < 100)) {
      const { student, teacher, mask, dValue, gradient } = run(vocabulary, direction);
      const loss = (moved: ArrayLike<number>) => dot(reference(moved, teacher, vocabulary, direction, mask), dValue);
      expectClose(gradient, centralDifferences(student, loss), 1e-5);
    }
  });

  it.each([0, 1])('direction %i gives a row the same bytes alone and in a batch', (direction) => {
    for (const vocabulary of vocabularies) {
      expect(run(vocabulary, direction, 1).value).toEqual(run(vocabulary, direction).value.slice(0, 1));
    }
  });

  it('is exactly 0 between equals', () => {
    const memory = testMemory();
    const logits = memory.floats(testValues(33, 'logits'));
    const [value, sums, gradient, one] = [memory.result(1), memory.result(1), memory.result(33), memory.floats([1])];
    for (const direction of [0, 1]) {
      memory.kernels.klDivergence(1, 33, logits, logits, one, direction, value, sums, sums);
      expect(memory.read(value, 1)[0]).toBe(0);
      memory.kernels.klDivergenceGradient(1, 33, logits, logits, one, direction, value, sums, sums, one, gradient);
      expectClose(memory.read(gradient, 33), new Float32Array(33), 0);
    }
  });
});

describe('argmax and exponentials', () => {
  it('find the first of the largest, and the sum in double precision', () => {
    for (const count of [1, 3, 4, 7, 1000]) {
      const memory = testMemory();
      const values = testValues(count, `exponentials ${count}`).map((value) => value * 20);
      values[count >> 1] = 25;
      values[count - 1] = 25;
      const x = memory.floats(values);
      const y = memory.result(count + 1);
      expect(memory.kernels.argmax(count, x)).toBe(count >> 1);
      const expected = Float64Array.from(values, (value) => Math.exp((value - 25) / 0.7));
      const sum = memory.kernels.exponentials(count, x, 1 / 0.7, 25, y);
      expectClose(memory.read(y, count), expected, 1e-6);
      expect(memory.read(y, count + 1)[count]).toBeNaN();
      expect(Math.abs(sum - expected.reduce((total, value) => total + value, 0))).toBeLessThan(1e-6);
    }
  });

  it('give a sum that is no number for logits that are none', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const memory = testMemory();
      const values = [0, 1, 2, bad, -1];
      const x = memory.floats(values);
      const highest = values[memory.kernels.argmax(5, x)] as number;
      expect(memory.kernels.exponentials(5, x, 1, highest, memory.result(5))).toBeNaN();
    }
  });
});
