import { createDecoder, createSampler, type Tokenizer } from '@dgpo/lm';
import { createRandom } from '@dgpo/trajectory';
import { type BenchCase, models } from './cases.js';

/** Ids without text: nothing ends a sequence but its length. */
export function idsOnly(vocabularySize: number): Tokenizer {
  return {
    vocabularySize,
    endOfTextId: -1,
    endOfTextIds: [],
    padId: 0,
    specialTokens: {},
    encode: () => [],
    decode: () => '',
    tokenBytes: () => new Uint8Array(),
    decodeStream: () => ({ push: () => '', end: () => '' }),
  };
}

/** A function that samples the rows `first` to `first + batch - 1` of a case, on the engine of this thread. */
export function samplingRun(item: Extract<BenchCase, { kind: 'sampling' }>, first: number): () => Promise<void> {
  const config = models[item.model];
  const decoder = createDecoder({ config, random: createRandom(0) });
  const maxContextTokens = item.contextTokens + item.newTokens;
  const tokenizer = idsOnly(config.vocabularySize);
  const sampler = createSampler({ decoder, tokenizer, slots: item.batch, maxContextTokens });
  const random = createRandom(3).split('context', first);
  const requests = Array.from({ length: item.batch }, (_, index) => ({
    id: `${index}`,
    contextTokenIds: Array.from({ length: item.contextTokens }, () => random.integer(config.vocabularySize)),
    maxTokens: item.newTokens,
    temperature: 1,
  }));
  return async () => {
    sampler.reset();
    const results = await sampler.generate(
      requests.map((request, index) => ({ ...request, random: createRandom(4).split(first + index) })),
    );
    const short = results.find((result) => result.tokenIds.length !== item.newTokens);
    if (short !== undefined) throw new Error(`sampled ${short.tokenIds.length} tokens, not ${item.newTokens}`);
  };
}
