import type { DecoderConfigOptions } from '@dgpo/lm';
import { documentTemplate, observationPrefix, observationSuffix } from '../atlas/index.js';
import type { SearchSettings } from '../compute/environment-settings.js';

/** The rules of an episode in the demo world: as in the search environment, with short texts for small models. */
export const atlasEnvironment: SearchSettings = {
  topK: 2,
  maxSearches: 3,
  maxTokensPerTurn: 64,
  maxObservationTokens: 112,
  maxContextTokens: 384,
  promptTemplate: 'Question: {question}\n',
  documentTemplate,
  observationPrefix,
  observationSuffix,
  invalidActionMessage: '\nNo action.\n',
};

/** The tags of the protocol: one token each, and none of them in the base student's training text. */
export const protocolTags = [
  '<think>',
  '</think>',
  '<search>',
  '</search>',
  '<information>',
  '</information>',
  '<answer>',
  '</answer>',
];

/** What a model of the demo world may choose. */
export type ModelSize = Omit<DecoderConfigOptions, 'vocabularySize'>;

/** 0.4 M parameters. */
export const studentSize: ModelSize = {
  hiddenSize: 96,
  numHiddenLayers: 3,
  numAttentionHeads: 3,
  maxPositionEmbeddings: atlasEnvironment.maxContextTokens,
};

/** 1.35 M parameters. */
export const teacherSize: ModelSize = {
  hiddenSize: 160,
  numHiddenLayers: 4,
  numAttentionHeads: 5,
  maxPositionEmbeddings: atlasEnvironment.maxContextTokens,
};
