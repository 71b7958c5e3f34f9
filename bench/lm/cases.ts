import { type DecoderConfig, decoderConfig } from '@dgpo/lm';

/** The models that are measured, with random weights: speed does not depend on their values. */
export const models = {
  demo: decoderConfig({
    vocabularySize: 3840,
    hiddenSize: 256,
    numHiddenLayers: 6,
    numAttentionHeads: 8,
    maxPositionEmbeddings: 512,
  }),
  'smollm2-135m': decoderConfig({
    vocabularySize: 49152,
    hiddenSize: 576,
    intermediateSize: 1536,
    numHiddenLayers: 30,
    numAttentionHeads: 9,
    numKeyValueHeads: 3,
    maxPositionEmbeddings: 2048,
    ropeTheta: 100_000,
  }),
} satisfies Record<string, DecoderConfig>;

type ModelName = keyof typeof models;

/** Something to measure. Every token of training rows after the first is scored; sampling is at temperature 1. */
export type BenchCase =
  /** From the folder that `npm run models:smollm2` makes, until the first token has gone through the model. */
  | { kind: 'load'; model: 'smollm2-135m' }
  | { kind: 'training'; model: ModelName; rows: number; tokensPerRow: number }
  | { kind: 'sampling'; model: ModelName; batch: number; contextTokens: number; newTokens: number };

export const cases: readonly BenchCase[] = [
  { kind: 'load', model: 'smollm2-135m' },
  { kind: 'training', model: 'demo', rows: 8, tokensPerRow: 256 },
  { kind: 'training', model: 'smollm2-135m', rows: 2, tokensPerRow: 512 },
  ...(['demo', 'smollm2-135m'] as const).flatMap((model) =>
    [1, 16, 64].map((batch) => ({
      kind: 'sampling' as const,
      model,
      batch,
      contextTokens: 64,
      // 256 of the larger model on every engine would take hours.
      newTokens: model === 'demo' ? 256 : 64,
    })),
  ),
];

/** The same in seconds, to see that it runs. */
export const quickCases: readonly BenchCase[] = [
  { kind: 'training', model: 'demo', rows: 2, tokensPerRow: 16 },
  { kind: 'sampling', model: 'demo', batch: 2, contextTokens: 8, newTokens: 4 },
];

/** Tokens that one run of a case trains on or samples. */
export const tokensOf = (item: Exclude<BenchCase, { kind: 'load' }>): number =>
  item.kind === 'training' ? item.rows * item.tokensPerRow : item.batch * item.newTokens;

export function describeCase(item: BenchCase): string {
  if (item.kind === 'load') return `load, ${item.model}`;
  return item.kind === 'training'
    ? `training, ${item.model}, ${item.rows} x ${item.tokensPerRow}`
    : `sampling, ${item.model}, batch ${item.batch}, ${item.newTokens} new tokens`;
}
