import { type Decoder, hiddenStates, linear, outputEmbedding, tokenBatch, tokenLogProbs } from '@dgpo/lm';
import * as tf from '@tensorflow/tfjs-core';
import { nextTask } from '../generate/next-task.js';
import { type ScoredToken, scoreLogits } from './scored-token.js';

/** Logits that exist at one time: 4 MiB of float32 whatever the vocabulary. */
const logitsAtOnce = 1_048_576;

export interface ScorePromptOptions {
  decoder: Decoder;
  /** At least one. */
  tokenIds: readonly number[];
  /** Alternatives to report for each token; 0 reports none and no rank, which is cheaper. */
  alternatives: number;
  /** Checked between parts of the work. */
  signal?: AbortSignal;
}

/**
 * Log-probabilities of the tokens of a prompt, each given those before it; null for the first. The logits of a few rows exist at a
 * time, never those of the whole prompt.
 */
export async function scorePrompt(options: ScorePromptOptions): Promise<(ScoredToken | null)[]> {
  const { decoder, tokenIds, alternatives, signal } = options;
  const scored: (ScoredToken | null)[] = [null];
  if (tokenIds.length < 2) return scored;
  const batch = tokenBatch({ sequences: [tokenIds.slice(0, -1)] });
  const hidden = tf.tidy(() => hiddenStates(decoder, batch));
  batch.dispose();
  const { vocabularySize, hiddenSize } = decoder.config;
  const rows = Math.max(16, Math.floor(logitsAtOnce / vocabularySize));
  const weight = outputEmbedding(decoder);
  try {
    for (let start = 0; start < tokenIds.length - 1; start += rows) {
      await nextTask();
      signal?.throwIfAborted();
      const targets = tokenIds.slice(start + 1, start + 1 + rows);
      const result = tf.tidy(() => {
        const part = tf.slice(hidden, [start, 0], [targets.length, hiddenSize]);
        if (alternatives > 0) return linear({ x: part, weight });
        return tokenLogProbs({ hidden: part, weight, targets: tf.tensor1d(targets, 'int32') }).logProbs;
      });
      const values = (await result.data()) as Float32Array;
      result.dispose();
      targets.forEach((id, row) => {
        const logits = values.subarray(row * vocabularySize, (row + 1) * vocabularySize);
        scored.push(
          alternatives > 0 ? scoreLogits(logits, id, alternatives) : { id, logProb: values[row] as number, top: [] },
        );
      });
    }
  } finally {
    hidden.dispose();
  }
  return scored;
}
