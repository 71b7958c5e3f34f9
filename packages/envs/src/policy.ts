import type { ChatMessage, Random } from '@dgpo/trajectory';
import type { EpisodeState } from './environment.js';

/** Text to token ids and back, as every {@link Policy} offers it. */
export interface EpisodeTokenizer {
  /**
   * Encodes text. The spelled-out name of a special token becomes that token only with `allowSpecial`; environments leave it off
   * for documents and questions, so that these cannot inject a tag.
   */
  encode(text: string, options?: { allowSpecial?: boolean }): number[];
  decode(tokenIds: readonly number[]): string;
  /** The chat template of the model, ending where the model is to write. Without it the contents are joined as they are. */
  renderChat?(messages: readonly ChatMessage[]): string;
  /** The longest sequence that the model takes, if there is a limit. */
  maxContextTokens?: number;
}

/** One row of a batch to generate. */
export interface GenerateRequest {
  /** The same id on a later call with a longer context means that a key-value cache may be reused. */
  id: string;
  contextTokenIds: readonly number[];
  maxTokens: number;
  /** 0 is greedy. */
  temperature: number;
  /** Nucleus sampling: only the likeliest tokens that together have this probability are drawn. @default 1, all of them */
  topP?: number;
  /** Generation ends with the token that completes one of these strings; that token belongs to the result. */
  stop?: readonly string[];
  /** The only source of randomness of this row. */
  random: Random;
  /** The episode, for scripted experts; a language model reads `contextTokenIds` alone. */
  episode?: EpisodeState;
  /** Called with each token as it is sampled, by policies that stream. */
  onToken?: (tokenId: number) => void;
}

export interface GenerateResult {
  /** Exactly what was sampled, the end of the stop string or the end-of-text token included. */
  tokenIds: number[];
  /** Natural log-probability of each token under the sampling distribution. */
  logProbs: number[];
  /** The decoded tokens, special tokens of the protocol included. */
  text: string;
  finishReason: 'stop' | 'length' | 'end';
  /**
   * Why there is no result: a server that does not answer, say. The episode then ends by this error, and the others go on. What makes
   * every further row fail is thrown instead.
   */
  error?: string;
}

/** Whatever plays an episode: a language model here, a server elsewhere, a script in tests. */
export interface Policy extends EpisodeTokenizer {
  /** Recorded in trajectories. */
  name?: string;
  /** One result per request, in order. What a row gets must not depend on the other rows. */
  generate(requests: readonly GenerateRequest[]): Promise<GenerateResult[]>;
  /** These episodes are over; what was kept for them can go. */
  release?(ids: readonly string[]): void;
}
