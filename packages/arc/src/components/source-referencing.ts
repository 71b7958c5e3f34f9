import { type ReadingOptions, type ReadingScore, readGoldPassages } from './read-gold-passages.js';

/**
 * The ARC component source referencing: exact match when the gold passages are given and the model answers at once (DGPO, arXiv
 * 2508.20324, the columns "w/o think"). What is wrong here is extraction, not search.
 *
 * @throws ConfigError if no task can be read; ModelError if the number of answers differs; whatever `answerFrom` throws.
 */
export const sourceReferencing = (options: ReadingOptions): Promise<ReadingScore> =>
  readGoldPassages({ ...options, think: false });
