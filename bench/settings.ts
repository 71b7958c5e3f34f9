import { type DecoderConfig, decoderConfig } from '@dgpo/lm';

/** What is measured. */
export interface BenchSettings {
  config: DecoderConfig;
  /** One training update: so many rows of so many tokens, all of them scored. */
  rows: number;
  tokensPerRow: number;
  repeats: number;
  stockRepeats: number;
  sampling: { slots: number; contextTokens: number; newTokens: number };
}

/** A decoder of 5.7 M parameters and 8 rows of 256 tokens. */
export const fullSettings: BenchSettings = {
  config: decoderConfig({
    vocabularySize: 3840,
    hiddenSize: 256,
    numHiddenLayers: 6,
    numAttentionHeads: 8,
    maxPositionEmbeddings: 256,
  }),
  rows: 8,
  tokensPerRow: 256,
  repeats: 7,
  stockRepeats: 3,
  sampling: { slots: 64, contextTokens: 64, newTokens: 128 },
};

/** The same in seconds, to see that it runs. Its figures mean nothing. */
export const quickSettings: BenchSettings = {
  config: decoderConfig({
    vocabularySize: 96,
    hiddenSize: 32,
    numHiddenLayers: 2,
    numAttentionHeads: 4,
    maxPositionEmbeddings: 64,
  }),
  rows: 4,
  tokensPerRow: 32,
  repeats: 2,
  stockRepeats: 1,
  sampling: { slots: 4, contextTokens: 8, newTokens: 8 },
};
