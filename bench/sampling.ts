import { createDecoder, createSampler } from '@dgpo/lm';
import { createRandom } from '@dgpo/trajectory';
import { idsOnly } from './lm/sampling-run.js';
import { median, secondsOf } from './measure.js';
import type { BenchSettings } from './settings.js';

export interface SamplingFigures {
  /** Tokens of contexts read in a second. */
  contextTokensPerSecond: number;
  /** Tokens sampled in a second, all sequences together, contexts not counted. */
  newTokensPerSecond: number;
}

/** Sampling at temperature 1 with all slots busy. */
export async function samplingFigures(settings: BenchSettings): Promise<SamplingFigures> {
  const { config } = settings;
  const { slots, contextTokens, newTokens } = settings.sampling;
  const decoder = createDecoder({ config, random: createRandom(0) });
  const sampler = createSampler({ decoder, tokenizer: idsOnly(config.vocabularySize), slots });
  const random = createRandom(3);
  const contexts = Array.from({ length: slots }, () =>
    Array.from({ length: contextTokens }, () => random.integer(config.vocabularySize)),
  );
  const generate = (maxTokens: number) => async () => {
    sampler.reset();
    await sampler.generate(
      contexts.map((contextTokenIds, index) => ({
        id: `${index}`,
        contextTokenIds,
        maxTokens,
        temperature: 1,
        random: createRandom(4).split(index),
      })),
    );
  };
  const read = median(await secondsOf({ run: generate(1), repeats: settings.repeats }));
  const whole = median(await secondsOf({ run: generate(newTokens + 1), repeats: settings.repeats }));
  sampler.dispose();
  decoder.dispose();
  return {
    contextTokensPerSecond: (slots * contextTokens) / read,
    newTokensPerSecond: (slots * newTokens) / (whole - read),
  };
}
