import { availableParallelism } from 'node:os';
import { findBlas, linear } from '@dgpo/lm';
import * as tf from '@tensorflow/tfjs-core';
import { useBlas } from '../packages/lm/src/engine/matrix-product.js';
import { linearReference } from '../packages/lm/src/ops/linear.js';
import { median, secondsOf } from './measure.js';
import type { BenchSettings } from './settings.js';

export interface MatrixProduct {
  /** `rows x inputs -> outputs` */
  shape: string;
  /** Billions of multiplications and additions in a second, forward. */
  own: number;
  stock: number;
  /** The same by a native library with these threads; none where there is no library. */
  blas?: { threads: number; rate: number }[];
}

/** The matrix products of one layer and of the output, forward, by our kernel, by a native BLAS where there is one, and by stock ops. */
export async function matrixProducts(settings: BenchSettings): Promise<MatrixProduct[]> {
  const { hiddenSize, intermediateSize, vocabularySize } = settings.config;
  const rows = settings.rows * settings.tokensPerRow;
  const results: MatrixProduct[] = [];
  for (const [inputs, outputs] of [
    [hiddenSize, 3 * hiddenSize],
    [intermediateSize, hiddenSize],
    [hiddenSize, vocabularySize],
  ] as const) {
    const x = tf.ones([rows, inputs]);
    const weight = tf.ones([outputs, inputs]);
    const rate = async (compute: typeof linear) => {
      const run = () => compute({ x, weight }).dispose();
      const seconds = median(await secondsOf({ run: () => tf.tidy(run), repeats: settings.repeats }));
      return (2 * rows * inputs * outputs) / seconds / 1e9;
    };
    const shape = `${rows} x ${inputs} → ${outputs}`;
    const own = await rate(linear);
    const blas: { threads: number; rate: number }[] = [];
    // One worker of as many as there are cores has one thread, a worker alone all of them.
    for (const workers of [availableParallelism(), 1]) {
      const found = await findBlas({ workers });
      if (found.blas === undefined) continue;
      useBlas(found.blas);
      blas.push({ threads: found.blas.facts.threads ?? 0, rate: await rate(linear) });
      useBlas(undefined);
    }
    results.push({ shape, own, stock: await rate(linearReference), ...(blas.length > 0 ? { blas } : {}) });
    tf.dispose([x, weight]);
  }
  return results;
}
