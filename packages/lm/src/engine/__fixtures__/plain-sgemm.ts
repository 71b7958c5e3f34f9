import type { Sgemm } from '../blas-self-test.js';

/** What `cblas_sgemm` does, in JavaScript: like the library it takes the arrays' starts only, and works in place. */
export const plainSgemm: Sgemm = ({ m, n, k, a, transposeA, b, transposeB, beta, c }) => {
  const whole = (start: Float32Array, count: number) => new Float32Array(start.buffer, start.byteOffset, count);
  const [left, right, result] = [whole(a, m * k), whole(b, k * n), whole(c, m * n)];
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = beta === 0 ? 0 : (result[i * n + j] ?? 0);
      for (let p = 0; p < k; p++) {
        sum += (left[transposeA ? p * m + i : i * k + p] ?? 0) * (right[transposeB ? j * k + p : p * n + j] ?? 0);
      }
      result[i * n + j] = sum;
    }
  }
};
