import type { Random } from '@dgpo/trajectory';
import type { Atlas } from './atlas.js';
import type { Country } from './country.js';
import type { NameField } from './name-generator.js';
import type { KeyField } from './question-wordings.js';
import { commonBorderQuestion, countryQuestions, type Question, sameRegionQuestion } from './questions.js';

/** Countries seen together in one training example, and the questions that can be asked about them. */
export interface Scene {
  countries: readonly Country[];
  /** None of them mentions the name of a real country, capital, currency or people. */
  questions: readonly Question[];
}

const directions = ['Northern', 'Eastern', 'Southern', 'Western', 'Central', 'South', 'North'];

/**
 * A country that exists for one example only. Its values are freshly invented or those of some real country, mixed at random: it
 * teaches to copy real names without teaching a single fact.
 */
function throwawayCountry(atlas: Atlas, real: readonly Country[], random: Random): Country {
  const { names, registry } = atlas;
  const isFree = registry.isFree;
  const invent = (field: NameField, prefix = '') => names.invent({ field, random, isFree, prefix });
  const draw = <T>(realShare: number, field: (country: Country) => T, invented: () => T): T =>
    random.next() < realShare ? field(random.pick(real)) : invented();
  const name = draw(
    0.15,
    (country) => country.name,
    () => invent('country'),
  );
  const demonym = draw(
    0.2,
    (country) => country.demonym,
    () => invent('demonym', name.split(' ').at(-1)?.slice(0, 4)),
  );
  const unit = draw(
    0.5,
    (country) => country.currency.split(' ').at(-1) ?? '',
    () => invent('currencyUnit'),
  );
  return {
    name,
    capital: draw(
      0.3,
      (country) => country.capital,
      () => invent('capital'),
    ),
    currency: draw(
      0.3,
      (country) => country.currency,
      () => `${invent('demonym')} ${unit}`,
    ),
    languages: [
      ...new Set(
        Array.from({ length: random.pick([1, 1, 2, 3]) }, () =>
          draw(
            0.4,
            (country) => random.pick(country.languages),
            () => invent('language'),
          ),
        ),
      ),
    ],
    subregion: draw(
      0.4,
      (country) => country.subregion,
      () => `${random.pick(directions)} ${invent('country')}`,
    ),
    demonym,
    borders: [],
    split: 'train',
  };
}

/** Gives the first two countries one common neighbour, and the third perhaps neighbours of its own. */
function addBorders(countries: readonly Country[], nameNeighbour: () => string, random: Random): Country[] {
  const common = nameNeighbour();
  return countries.map((country, index) => {
    const own = Array.from({ length: random.integer(4) }, nameNeighbour);
    return { ...country, borders: random.shuffle([...new Set(index < 2 ? [common, ...own] : own)]) };
  });
}

function throwawayCountries(atlas: Atlas, random: Random): Country[] {
  const real = atlas.bySplit.facts;
  const isFree = atlas.registry.isFree;
  const countries = Array.from({ length: 3 }, () => throwawayCountry(atlas, real, random));
  if (random.next() < 0.5) countries[1] = { ...(countries[1] as Country), subregion: countries[0]?.subregion ?? '' };
  const nameNeighbour = () =>
    random.next() < 0.3 ? random.pick(real).name : atlas.names.invent({ field: 'country', random, isFree });
  return addBorders(countries, nameNeighbour, random);
}

/** A country to train on, then one of its region and one from anywhere. */
function trainCountries(atlas: Atlas, random: Random): Country[] {
  const countries = atlas.bySplit.train;
  const first = random.pick(countries);
  const near = countries.filter((country) => country !== first && country.subregion === first.subregion);
  const second = near.length > 0 ? random.pick(near) : random.pick(countries);
  return [...new Set([first, second, random.pick(countries)])];
}

/** Draws two or three countries: six times in ten throwaway ones, else countries to train on. */
export function drawScene(atlas: Atlas, random: Random): Scene {
  const drawn = random.next() < 0.6 ? throwawayCountries(atlas, random) : trainCountries(atlas, random);
  const countries = drawn.filter(({ name }, index) => drawn.findIndex((other) => other.name === name) === index);
  const isUnique = (field: KeyField, key: string) => countries.filter((country) => country[field] === key).length === 1;
  const pairs = countries.slice(1).flatMap((second, index): Question[] => {
    const first = countries[0] as Country;
    return [
      sameRegionQuestion(first, second),
      ...(index === 0 ? [commonBorderQuestion(first, second) ?? []].flat() : []),
    ];
  });
  const questions = [...countries.flatMap((country) => countryQuestions(country, isUnique)), ...pairs];
  return {
    countries,
    questions: questions.filter(({ subjects }) => !subjects.some((subject) => atlas.realNames.has(subject))),
  };
}

/** A question of the scene: one or two hops alike, then each type alike. */
export function drawQuestion({ questions }: Scene, random: Random): Question {
  const hops = random.next() < 0.5 ? 1 : 2;
  const types = [...new Set(questions.filter((question) => question.hops === hops).map(({ type }) => type))];
  const type = types.length > 0 ? random.pick(types) : undefined;
  return random.pick(questions.filter((question) => type === undefined || question.type === type));
}
