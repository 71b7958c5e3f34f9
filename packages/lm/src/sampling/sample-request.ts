import type { Random } from '@dgpo/trajectory';

export interface SampleRequest {
  /** Names the sequence: a later request with the same id and a longer context reuses what is cached. */
  id: string;
  contextTokenIds: readonly number[];
  maxTokens: number;
  /** 0 is greedy. */
  temperature: number;
  /** @default 1 */
  topP?: number;
  /** @default 0, which keeps all */
  topK?: number;
  /** Drops tokens with less than this part of the highest probability. @default 0 */
  minP?: number;
  /** The sequence ends with the token that completes one of these. */
  stop?: readonly string[];
  /** Source of this sequence's draws; the result does not depend on what else is in the batch. */
  random: Random;
  /** Called with every new token and its log-probability under the processed distribution. */
  onToken?: (id: number, logProb: number) => void;
  /**
   * Called before `onToken` with the token and the logits `[vocabularySize]` that it was drawn from. They are valid until it returns,
   * and nothing may run on the engine before that.
   */
  onLogits?: (logits: Float32Array, id: number) => void;
  /** Asked before every step; once it says `true`, the sequence samples no more and ends with `length`. */
  aborted?: () => boolean;
}

export interface SampleResult {
  /** The sampled tokens, the one that completed a stop string or ended the text included. */
  tokenIds: number[];
  /** Log-probability of each under the processed distribution, in nats. */
  logProbs: number[];
  text: string;
  /** `stop`: a stop string; `length`: the limit of tokens or of the context, or aborted; `end`: the end-of-text token. */
  finishReason: 'stop' | 'length' | 'end';
}
