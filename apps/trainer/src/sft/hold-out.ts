import { ConfigError, createRandom } from '@dgpo/trajectory';
import { readExamples, type SftExample } from './read-examples.js';
import type { SftRecipe } from './sft-schema.js';

/** What is trained on and what is measured on. */
export interface SftData {
  train: SftExample[];
  test: SftExample[];
}

/**
 * The examples of a recipe: its `test` file, or else `testSize` of its lines drawn by the seed; both keep the order of the file.
 *
 * @throws {ConfigError} when nothing would be left to train on
 */
export async function readSftData({ data, seed }: Pick<SftRecipe, 'data' | 'seed'>): Promise<SftData> {
  const examples = await readExamples({ path: data.train });
  if (data.test !== undefined) return { train: examples, test: await readExamples({ path: data.test }) };
  if (data.testSize >= examples.length) {
    throw new ConfigError(`holds out ${data.testSize} of ${examples.length} examples: none would be left`, {
      where: 'data.testSize',
    });
  }
  const indices = examples.map((_, index) => index);
  const held = new Set(createRandom(seed).split('hold-out').shuffle(indices).slice(0, data.testSize));
  return {
    train: examples.filter((_, index) => !held.has(index)),
    test: examples.filter((_, index) => held.has(index)),
  };
}
