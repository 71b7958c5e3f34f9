import { createDecoder, type Decoder, type DecoderConfig, parameter } from '@dgpo/lm';
import { createRandom } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs-core';
import { adamWReference } from '../packages/lm/src/ops/adamw-update.js';
import { causalAttentionReference } from '../packages/lm/src/ops/causal-attention.js';
import { linearReference } from '../packages/lm/src/ops/linear.js';
import { rmsNormReference } from '../packages/lm/src/ops/rms-norm.js';
import { swigluReference } from '../packages/lm/src/ops/swiglu.js';
import { tokenLogProbsReference } from '../packages/lm/src/ops/token-log-probs.js';

/** The decoder from the reference compositions alone, so from stock ops on any engine: hidden states `[rows * time, hiddenSize]`. */
function stockHiddenStates(decoder: Decoder, tokenIds: tf.Tensor1D, rows: number): tf.Tensor {
  const { config, cosSin } = decoder;
  const time = tokenIds.size / rows;
  const epsilon = config.normEps;
  const positions = tf.tile(tf.range(0, time, 1, 'int32'), [rows]);
  const lengths = tf.fill([rows], time, 'int32');
  // The wasm backend has no gradient for gather; one-hot times table has one.
  const oneHot = tf.oneHot(tokenIds, config.vocabularySize).cast('float32') as tf.Tensor2D;
  let hidden: tf.Tensor = tf.matMul(oneHot, parameter(decoder, 'model.embed_tokens.weight') as unknown as tf.Tensor2D);
  for (let layer = 0; layer < config.numHiddenLayers; layer++) {
    const weight = (name: string) => parameter(decoder, `model.layers.${layer}.${name}.weight`);
    const attended = causalAttentionReference({
      queryKeyValue: linearReference({
        x: rmsNormReference({ x: hidden, weight: weight('input_layernorm'), epsilon }),
        weight: weight('self_attn.qkv_proj'),
      }),
      lengths,
      positions,
      cosSin,
      batch: rows,
      time,
      heads: config.numAttentionHeads,
      keyValueHeads: config.numKeyValueHeads,
      headDim: config.headDim,
    });
    hidden = tf.add(hidden, linearReference({ x: attended, weight: weight('self_attn.o_proj') }));
    const normed = rmsNormReference({ x: hidden, weight: weight('post_attention_layernorm'), epsilon });
    const gated = swigluReference({ gateUp: linearReference({ x: normed, weight: weight('mlp.gate_up_proj') }) });
    hidden = tf.add(hidden, linearReference({ x: gated, weight: weight('mlp.down_proj') }));
  }
  return rmsNormReference({ x: hidden, weight: parameter(decoder, 'model.norm.weight'), epsilon });
}

/** A trainer from stock ops: forward, backward and AdamW, weights and moments kept in tensors. */
export function createStockTrainer(config: DecoderConfig) {
  const decoder = createDecoder({ config, random: createRandom(0) });
  const variables = [...decoder.parameters.values()];
  const moments = variables.map((variable) => ({
    first: tf.variable(tf.zeros([variable.size])),
    second: tf.variable(tf.zeros([variable.size])),
  }));
  let step = 0;
  return {
    /** One update on rows of equal length. Returns the loss: the mean over all tokens but the first of each row. */
    update: async (rows: readonly Int32Array[]): Promise<number> => {
      step += 1;
      const loss = tf.tidy(() => {
        const ids = tf.tensor1d(Int32Array.from(rows.flatMap((row) => [...row])), 'int32');
        const targets = tf.tensor1d(Int32Array.from(rows.flatMap((row) => [...row.subarray(1), -1])), 'int32');
        const scored = rows.reduce((total, row) => total + row.length - 1, 0);
        const { value, grads } = tf.variableGrads(() => {
          const hidden = stockHiddenStates(decoder, ids, rows.length);
          const weight = parameter(decoder, 'model.embed_tokens.weight');
          const { logProbs } = tokenLogProbsReference({ hidden, weight, targets });
          return tf.neg(tf.div(tf.sum(logProbs), scored)) as tf.Scalar;
        }, variables);
        variables.forEach((variable, index) => {
          const { first, second } = moments[index] as (typeof moments)[number];
          const updated = adamWReference(
            {
              parameters: tf.reshape(variable, [-1]) as tf.Tensor1D,
              gradients: tf.reshape(grads[variable.name] as tf.Tensor, [-1]) as tf.Tensor1D,
              firstMoment: first as unknown as tf.Tensor1D,
              secondMoment: second as unknown as tf.Tensor1D,
            },
            { learningRate: 1e-3, step },
            [{ start: 0, count: variable.size, weightDecay: 0 }],
          );
          variable.assign(tf.reshape(updated.parameters, variable.shape));
          first.assign(updated.firstMoment);
          second.assign(updated.secondMoment);
        });
        return value;
      });
      const [result = Number.NaN] = await loss.data();
      loss.dispose();
      return result;
    },
    dispose: () => {
      decoder.dispose();
      for (const { first, second } of moments) tf.dispose([first, second]);
    },
  };
}
