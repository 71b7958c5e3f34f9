import { ConfigError, createRandom } from '@dgpo/trajectory';
import type { Country, Split } from './country.js';
import { inventCountries } from './invented-countries.js';
import { createNameGenerator, type NameGenerator } from './name-generator.js';
import { createNameRegistry, type NameRegistry } from './name-registry.js';
import { countryPassages, templateWords } from './passages.js';
import { questionWords } from './question-wordings.js';
import { realCountries } from './real-countries.js';

export interface AtlasOptions {
  /** Everything follows from it. @default 0 */
  seed?: number;
  /** Number of invented countries, a fifth of them held out. @default 1600 */
  inventedCountries?: number;
}

/** The demo world: real and invented countries, and one corpus about them all. */
export interface Atlas {
  seed: number;
  countries: readonly Country[];
  bySplit: Readonly<Record<Split, readonly Country[]>>;
  /** Passages with the country's name on the first line, ready for an index. */
  corpus: readonly { id: string; contents: string }[];
  /** Invents further names in the likeness of the real ones. */
  names: NameGenerator;
  /** The names in use: what is free here occurs nowhere in the atlas. */
  registry: NameRegistry;
  /** Names, capitals, currencies and demonyms of the real countries: what questions to learn from must not mention. */
  realNames: ReadonlySet<string>;
}

/**
 * Builds the demo world. Same seed and size: same world, byte for byte.
 * @throws ConfigError when `inventedCountries` is not an integer of at least 80 (two continents: one to train on, one held out).
 */
export function createAtlas({ seed = 0, inventedCountries = 1600 }: AtlasOptions = {}): Atlas {
  if (!Number.isInteger(inventedCountries) || inventedCountries < 80) {
    throw new ConfigError(`inventedCountries is ${inventedCountries}; it must be an integer of at least 80`);
  }
  const random = createRandom(seed).split('atlas');
  const real = realCountries();
  const names = createNameGenerator(real);
  const registry = createNameRegistry();
  for (const word of [...templateWords(), ...questionWords()]) registry.reserve(word);
  for (const country of real) {
    const { name, capital, currency, demonym, subregion, languages, borders } = country;
    for (const text of [name, capital, currency, demonym, subregion, ...languages, ...borders]) registry.claim(text);
    for (const word of currency.split(' ')) registry.reserve(word);
  }
  const invented = inventCountries({ count: inventedCountries, names, registry, random: random.split('countries') });
  const countries = [...real, ...invented];
  const corpus = countries
    .flatMap((country) => countryPassages(country, random.split('passages', country.name)))
    .map(({ contents }, index) => ({ id: String(index), contents }));
  const ofSplit = (split: Split) => countries.filter((country) => country.split === split);
  return {
    seed,
    countries,
    bySplit: { train: ofSplit('train'), fiction: ofSplit('fiction'), facts: ofSplit('facts') },
    corpus,
    names,
    registry,
    realNames: new Set(real.flatMap(({ name, capital, currency, demonym }) => [name, capital, currency, demonym])),
  };
}
