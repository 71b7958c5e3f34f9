import { createSampler } from '@dgpo/lm';
import { ConfigError, createRandom } from '@dgpo/trajectory';
import type { OpenModel } from './open-model.js';
import { createTextStream } from './text-stream.js';

export interface GenerateTextOptions {
  model: Pick<OpenModel, 'decoder' | 'tokenizer'>;
  promptTokenIds: readonly number[];
  maxTokens: number;
  /** 0 is greedy. @default 0 */
  temperature?: number;
  /** @default 1 */
  topP?: number;
  /** @default 0, which keeps all */
  topK?: number;
  /** Drops tokens with less than this part of the highest probability. @default 0 */
  minP?: number;
  /** @default 0 */
  seed?: number;
  stop?: readonly string[];
  /** Called with text as soon as it is certain. */
  onText?: (text: string) => void;
  /** Called with every token. */
  onToken?: (id: number, logProb: number) => void;
  /** Ends the text after the token that is being computed. */
  signal?: AbortSignal;
}

export interface GeneratedText {
  /** Without special tokens and without the stop string. */
  text: string;
  /** The token that ended the text included. */
  tokenIds: number[];
  /** Of each token under the distribution that it was drawn from, in nats. */
  logProbs: number[];
  finishReason: 'stop' | 'length';
}

/**
 * One continuation of a prompt.
 *
 * @throws {ConfigError} for a prompt that is empty or does not fit the model
 */
export async function generateText(options: GenerateTextOptions): Promise<GeneratedText> {
  const { model, promptTokenIds, maxTokens, temperature = 0, topP, topK, minP, seed = 0, stop = [], signal } = options;
  const { decoder, tokenizer } = model;
  const limit = decoder.config.maxPositionEmbeddings;
  if (promptTokenIds.length === 0) throw new ConfigError('the prompt is empty');
  if (promptTokenIds.length >= limit) {
    throw new ConfigError(`the prompt has ${promptTokenIds.length} tokens, the model reads ${limit}; shorten it`);
  }
  const maxContextTokens = Math.min(limit, promptTokenIds.length + maxTokens);
  const sampler = createSampler({ decoder, tokenizer, slots: 1, maxContextTokens });
  const parts = createTextStream({ tokenizer, stop });
  let text = '';
  const add = (piece: string) => {
    text += piece;
    if (piece !== '') options.onText?.(piece);
  };
  try {
    const [result] = await sampler.generate([
      {
        id: 'prompt',
        contextTokenIds: promptTokenIds,
        maxTokens,
        temperature,
        ...(topP === undefined ? {} : { topP }),
        ...(topK === undefined ? {} : { topK }),
        ...(minP === undefined ? {} : { minP }),
        stop,
        random: createRandom(seed).split('generate'),
        onToken: (id, logProb) => {
          add(parts.push(id));
          options.onToken?.(id, logProb);
        },
        aborted: () => signal?.aborted === true || parts.stopped !== undefined,
      },
    ]);
    add(parts.end());
    return {
      text,
      tokenIds: result?.tokenIds ?? [],
      logProbs: result?.logProbs ?? [],
      finishReason: result?.finishReason === 'length' && parts.stopped === undefined ? 'length' : 'stop',
    };
  } finally {
    sampler.dispose();
  }
}
