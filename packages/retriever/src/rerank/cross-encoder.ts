import { ConfigError } from '@dgpo/trajectory';
import { batchByLength } from '../encode/batch-by-length.js';
import { loadModel, type ModelSource, type TransformersSeam } from '../encode/transformers-module.js';
import { requireInteger } from '../require-integer.js';
import type { Reranker } from './reranker.js';

export interface CrossEncoderOptions extends ModelSource {
  /**
   * Longer pairs are cut; special tokens count.
   * @default 512
   */
  maxTokens?: number;
  /**
   * Pairs that go through the model at once.
   * @default 32
   */
  batchSize?: number;
  /** Test seam. */
  _internal?: TransformersSeam;
}

/** One score of each row of `[batch, labels]`: the only label's logit, or of two how much the second (relevant) one is ahead. */
function rowScores(logits: ArrayLike<number | bigint>, [batch = 0, labels = 0]: readonly number[], model: string) {
  if (labels !== 1 && labels !== 2) {
    throw new ConfigError(`a cross-encoder has one label or two, this model has ${labels}`, { where: model });
  }
  return Array.from({ length: batch }, (_, row) => {
    const last = Number(logits[row * labels + labels - 1]);
    return labels === 1 ? last : last - Number(logits[row * labels]);
  });
}

/**
 * A reranker that reads query and text together with a classification model (Nogueira and Cho, 2019,
 * https://arxiv.org/abs/1901.04085) such as `Xenova/ms-marco-MiniLM-L-12-v2`, on `@huggingface/transformers` (an optional peer) and ONNX
 * weights. Scores are logits.
 * @throws ConfigError when the peer or the model is not there, or an option is out of range.
 */
export async function createCrossEncoder({
  maxTokens = 512,
  batchSize = 32,
  _internal,
  ...source
}: CrossEncoderOptions): Promise<Reranker> {
  requireInteger('maxTokens', maxTokens, 1);
  requireInteger('batchSize', batchSize, 1);
  const kind = 'AutoModelForSequenceClassification';
  const { tokenizer, network } = await loadModel({ source, kind, seam: _internal });
  const longest = Math.min(maxTokens, tokenizer.model_max_length ?? Number.POSITIVE_INFINITY);
  return {
    async scores({ query, texts, signal }) {
      const scores = new Array<number>(texts.length);
      for (const positions of batchByLength(texts, batchSize)) {
        signal?.throwIfAborted();
        const pairs = positions.map((position) => texts[position] ?? '');
        const queries = pairs.map(() => query);
        const inputs = tokenizer(queries, { text_pair: pairs, padding: true, truncation: true, max_length: longest });
        const { logits } = await network(inputs);
        if (logits === undefined) throw new ConfigError('this model gives no logits', { where: source.model });
        const { data } = logits.data instanceof Float32Array ? logits : logits.to('float32');
        for (const [row, score] of rowScores(data, logits.dims, source.model).entries()) {
          scores[positions[row] ?? 0] = score;
        }
      }
      return scores;
    },
    async close() {
      await network.dispose();
    },
  };
}
