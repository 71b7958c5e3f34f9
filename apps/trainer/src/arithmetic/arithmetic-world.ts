import { createRandom } from '@dgpo/trajectory';
import type { Atlas } from '../atlas/index.js';
import { type CountryNumbers, countryNumbers } from './country-numbers.js';
import { numberPassages } from './number-passages.js';

/** The demo world with numbers to reckon with. */
export interface ArithmeticWorld {
  atlas: Atlas;
  /** By the country's name. */
  numbers: ReadonlyMap<string, CountryNumbers>;
  /** The passages of the atlas, then those with the numbers, ready for an index. */
  corpus: readonly { id: string; contents: string }[];
}

/** Adds numbers to an atlas, which stays as it is. Same atlas: same world, byte for byte. */
export function createArithmeticWorld(atlas: Atlas): ArithmeticWorld {
  const random = createRandom(atlas.seed).split('number-passages');
  const numbers = countryNumbers(atlas);
  const passages = [...numbers].flatMap(([country, own]) =>
    numberPassages({ country, numbers: own, random: random.split(country) }),
  );
  const added = passages.map((contents, index) => ({ id: String(atlas.corpus.length + index), contents }));
  return { atlas, numbers, corpus: [...atlas.corpus, ...added] };
}
