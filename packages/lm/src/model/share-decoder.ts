import * as tf from '@tensorflow/tfjs-core';
import { type Decoder, updateFrozen } from './decoder.js';
import { valueHeadName } from './parameter-shapes.js';

export interface ShareDecoderOptions {
  /** Adds a head of its own with one output per token, initially 0: the critic of PPO. @default false */
  valueHead?: boolean;
}

/**
 * Another decoder on the parameters of one that is there: student, critic and teacher with LoRA are adapters on one copy of the weights.
 * The parameters are frozen while there are shares. A share has adapters (`addLora`, `loadAdapter`) and a value head of its own, and none
 * of its base; everything that runs a decoder runs it. Its `dispose` frees what is its own. A share of a share is one of the base.
 */
export function shareDecoder(decoder: Decoder, options: ShareDecoderOptions = {}): Decoder {
  const { valueHead = false } = options;
  const base = decoder.base ?? decoder;
  const { config, cosSin } = base;
  const parameters = new Map([...base.parameters].filter(([name]) => name !== valueHeadName));
  const head = valueHead ? tf.tidy(() => tf.variable(tf.zeros([1, config.hiddenSize]), true)) : undefined;
  if (head !== undefined) parameters.set(valueHeadName, head);
  const share: Decoder = {
    config,
    parameters,
    cosSin,
    base,
    shares: new Set(),
    dispose: () => {
      head?.dispose();
      for (const variable of share.lora?.parameters.values() ?? []) variable.dispose();
      if (base.shares.delete(share)) updateFrozen(base);
    },
  };
  base.shares.add(share);
  updateFrozen(base);
  return share;
}
