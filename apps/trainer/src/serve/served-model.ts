import type { ChatTemplate, Decoder, Sampler, Tokenizer } from '@dgpo/lm';
import type { Random } from '@dgpo/trajectory';
import type { Scheduler } from './scheduler.js';

/** What the routes answer with. */
export interface ServedModel {
  /** As clients name it. */
  name: string;
  decoder: Decoder;
  tokenizer: Tokenizer;
  chatTemplate?: ChatTemplate | undefined;
  sampler: Pick<Sampler, 'maxContextTokens'>;
  scheduler: Scheduler;
  /** A new stream of draws, for a request without a seed. */
  nextRandom: () => Random;
  /** Unix time at which it was loaded, in seconds. */
  created: number;
}
