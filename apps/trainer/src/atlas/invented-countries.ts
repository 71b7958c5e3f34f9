import type { Random } from '@dgpo/trajectory';
import type { Country, Split } from './country.js';
import type { NameGenerator } from './name-generator.js';
import type { NameRegistry } from './name-registry.js';

export interface InventedCountriesOptions {
  count: number;
  names: NameGenerator;
  registry: NameRegistry;
  random: Random;
}

const countriesPerRegion = 8;
const regionsPerContinent = 5;
const directions = [
  'Northern',
  'Eastern',
  'Southern',
  'Western',
  'Central',
  'Middle',
  'South',
  'North',
  'South-Eastern',
];

/** Neighbours within a region: about a third are islands, the rest hang together, at most five borders each. */
function drawBorders(names: readonly string[], random: Random): Map<string, string[]> {
  const borders = new Map<string, string[]>(names.map((name) => [name, []]));
  const mainland = names.filter(() => random.next() > 0.35);
  mainland.forEach((name, index) => {
    for (const other of mainland.slice(0, index)) {
      const own = borders.get(name) ?? [];
      const others = borders.get(other) ?? [];
      const follows = mainland[index - 1] === other;
      if (own.length < 5 && others.length < 5 && (follows || random.next() < 0.25)) {
        own.push(other);
        others.push(name);
      }
    }
  });
  return borders;
}

function inventRegion(
  { names, registry, random }: Omit<InventedCountriesOptions, 'count'>,
  {
    continent,
    direction,
    split,
    lingua,
    size,
  }: { continent: string; direction: string; split: Split; lingua: string; size: number },
): Country[] {
  const invent = (options: Pick<Parameters<NameGenerator['invent']>[0], 'field' | 'prefix'>) => {
    const name = names.invent({ ...options, random, isFree: registry.isFree });
    registry.claim(name);
    return name;
  };
  const unit = () =>
    random.next() < 0.5
      ? random.pick(names.realNames('currencyUnit'))
      : names.invent({ field: 'currencyUnit', random, isFree: registry.isFree });
  const shared = { currency: `${continent} ${unit()}`, language: invent({ field: 'language' }) };
  const subregion = `${direction} ${continent}`;
  const countryNames = Array.from({ length: size }, () => invent({ field: 'country' }));
  const borders = drawBorders(countryNames, random);
  return countryNames.map((name) => {
    const demonym = invent({ field: 'demonym', prefix: name.split(' ').at(-1)?.slice(0, 4) ?? '' });
    const own = invent({ field: 'language' });
    const languages = random.shuffle([own, shared.language, lingua]).slice(0, random.pick([1, 1, 1, 2, 2, 3]));
    return {
      name,
      capital: invent({ field: 'capital' }),
      currency: random.next() < 0.2 ? shared.currency : `${demonym} ${unit()}`,
      languages,
      subregion,
      demonym,
      borders: borders.get(name) ?? [],
      split,
    };
  });
}

/**
 * Invents continents of five regions of eight countries. A fifth of the continents is held out (`fiction`); regions, languages,
 * shared currencies and borders stay within a continent, so no name of a held-out country occurs in a country to train on.
 */
export function inventCountries({ count, names, registry, random }: InventedCountriesOptions): Country[] {
  const countries: Country[] = [];
  const continents = Math.ceil(count / (countriesPerRegion * regionsPerContinent));
  const heldOut = Math.max(1, Math.round(continents / 5));
  for (let continent = 0; continent < continents; continent++) {
    const source = { names, registry, random: random.split('continent', continent) };
    const split = continent < heldOut ? 'fiction' : 'train';
    const invent = (field: 'country' | 'language') => {
      const name = names.invent({
        field,
        random: source.random,
        maxLength: 10,
        isFree: (candidate) => !candidate.includes(' ') && registry.isFree(candidate),
      });
      registry.claim(name);
      return name;
    };
    const continentName = invent('country');
    const lingua = invent('language');
    for (const direction of source.random.shuffle(directions).slice(0, regionsPerContinent)) {
      const size = Math.min(countriesPerRegion, count - countries.length);
      if (size > 0)
        countries.push(...inventRegion(source, { continent: continentName, direction, split, lingua, size }));
    }
  }
  return countries;
}
