import { linear } from '@dgpo/lm';
import * as tf from '@tensorflow/tfjs-core';
import { linearReference } from '../packages/lm/src/ops/linear.js';
import { median, secondsOf } from './measure.js';
import type { BenchSettings } from './settings.js';

export interface MatrixProduct {
  /** `rows x inputs -> outputs` */
  shape: string;
  /** Billions of multiplications and additions in a second, forward. */
  own: number;
  stock: number;
}

/** The matrix products of one layer and of the output, forward, by our kernel and by stock ops. */
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
    results.push({ shape, own: await rate(linear), stock: await rate(linearReference) });
    tf.dispose([x, weight]);
  }
  return results;
}
