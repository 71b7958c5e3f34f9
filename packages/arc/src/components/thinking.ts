import { type ReadingOptions, type ReadingScore, readGoldPassages } from './read-gold-passages.js';

/**
 * The ARC component thinking: exact match when the gold passages are given and the model reasons before it answers (DGPO, arXiv
 * 2508.20324, the columns "w/ think"). Below {@link sourceReferencing} the reasoning does harm; read beside it the exact match of
 * multi-hop episodes and their executed searches.
 *
 * @throws ConfigError if no task can be read; ModelError if the number of answers differs; whatever `answerFrom` throws.
 */
export const thinking = (options: ReadingOptions): Promise<ReadingScore> =>
  readGoldPassages({ ...options, think: true });
