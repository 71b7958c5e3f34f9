/** A product `C = op(A)·op(B) + beta·C` of row-major float32 matrices, as `cblas_sgemm` computes it. */
export type Sgemm = (product: {
  m: number;
  n: number;
  k: number;
  /** `[m, k]`, or `[k, m]` where it is read transposed. */
  a: Float32Array;
  transposeA: boolean;
  /** `[k, n]`, or `[n, k]` where it is read transposed. */
  b: Float32Array;
  transposeB: boolean;
  /** 0 overwrites C, 1 adds to it. */
  beta: 0 | 1;
  /** `[m, n]` */
  c: Float32Array;
}) => void;

/** Edges of every kind, one matrix above the size where libraries start their threads, and one with a long inner sum. */
const sizes = [
  { m: 1, n: 1, k: 1 },
  { m: 3, n: 5, k: 7 },
  { m: 17, n: 33, k: 9 },
  { m: 64, n: 16, k: 40 },
  { m: 71, n: 66, k: 65 },
  { m: 5, n: 18, k: 1030 },
];

/** Small whole numbers, without a period that a matrix could share: their products and sums are exact in float32. */
const wholeNumbers = (length: number, seed: number) =>
  Float32Array.from({ length }, (_, index) => ((((index + seed) * 2_654_435_761) >>> 13) % 7) - 3);

/**
 * Multiplies known matrices in all four layouts, with and without adding to what is there.
 *
 * @returns the first product that came out wrong; `undefined` where all are exact
 */
export function wrongProduct(sgemm: Sgemm): string | undefined {
  for (const { m, n, k } of sizes) {
    for (const transposeA of [false, true]) {
      for (const transposeB of [false, true]) {
        for (const beta of [0, 1] as const) {
          const a = wholeNumbers(m * k, 1);
          const b = wholeNumbers(k * n, 2);
          // What beta 0 overwrites may be anything, and the element after the last is not touched.
          const c = beta === 0 ? new Float32Array(m * n + 1).fill(Number.NaN) : wholeNumbers(m * n + 1, 3);
          const before = c.slice();
          sgemm({ m, n, k, a, transposeA, b, transposeB, beta, c });
          for (let i = 0; i < m; i++) {
            for (let j = 0; j < n; j++) {
              let sum = beta === 0 ? 0 : (before[i * n + j] ?? 0);
              for (let p = 0; p < k; p++) {
                sum += (a[transposeA ? p * m + i : i * k + p] ?? 0) * (b[transposeB ? j * k + p : p * n + j] ?? 0);
              }
              if (c[i * n + j] !== sum) return `${m} x ${k} by ${k} x ${n}`;
            }
          }
          if (!Object.is(c[m * n], before[m * n])) return `${m} x ${k} by ${k} x ${n} (it writes past its end)`;
        }
      }
    }
  }
  return undefined;
}
