import type { Random } from '@dgpo/trajectory';
import type { Country } from '../atlas/index.js';
import { countryPhrases, type KeyField, keyFields } from '../atlas/question-wordings.js';
import { type ArithmeticPlan, type CountryTerm, listed } from './arithmetic-plan.js';
import type { arithmeticWordings } from './arithmetic-wordings.js';
import { calculate, exactValue, isHalf } from './calculate.js';
import type { CountryNumbers } from './country-numbers.js';

/** Draws different countries, and puts the larger of two first where that matters; undefined when they make no good question. */
function drawCountries(options: {
  numbers: ReadonlyMap<string, CountryNumbers>;
  countries: readonly Country[];
  type: Pick<ArithmeticPlan, 'operation' | 'field'>;
  count?: 2 | 3;
  random: Random;
}): { countries: Country[]; numbers: number[] } | undefined {
  const { countries, type, random } = options;
  const { operation, field } = type;
  const { count = operation === 'sum' || operation === 'average' ? random.pick([2, 3]) : 2 } = options;
  const drawn = new Set(Array.from({ length: count }, () => random.pick(countries)));
  if (drawn.size < count) return undefined;
  const numberOf = ({ name }: Country) => options.numbers.get(name)?.[field] ?? 0;
  const chosen = [...drawn];
  if (operation === 'difference' || operation === 'ratio') chosen.sort((a, b) => numberOf(b) - numberOf(a));
  const numbers = chosen.map(numberOf);
  const value = exactValue(operation, numbers);
  if (operation === 'comparison' || operation === 'difference' ? value === 0 : isHalf(value)) return undefined;
  return operation === 'ratio' && value < 1.5 ? undefined : { countries: chosen, numbers };
}

/** Speaks of countries by name, or of one or two of them by a fact that is theirs alone; undefined when they have none. */
function drawTerms(options: {
  countries: readonly Country[];
  hops: 1 | 2;
  isUnique: (field: KeyField, key: string) => boolean;
  random: Random;
}): CountryTerm[] | undefined {
  const { countries, hops, isUnique, random } = options;
  const terms: CountryTerm[] = countries.map(({ name }) => ({ by: 'name', value: name }));
  if (hops === 1) return terms;
  const described = random
    .shuffle(countries.map((_, index) => index))
    .slice(0, countries.length === 2 && random.next() < 0.3 ? 2 : 1);
  for (const index of described) {
    const keys = keyFields.filter((field) => isUnique(field, countries[index]?.[field] ?? ''));
    if (keys.length === 0) return undefined;
    const by = random.pick(keys);
    terms[index] = { by, value: countries[index]?.[by] ?? '' };
  }
  return terms;
}

function writeQuestion(wording: string, terms: readonly CountryTerm[], random: Random): string {
  const texts = terms.map(({ by, value }) =>
    by === 'name' ? value : random.pick(countryPhrases[by]).replace('{key}', () => value),
  );
  const [first = '', second = ''] = texts;
  return wording
    .replace('{all}', () => listed(texts))
    .replace('{first}', () => first)
    .replace('{second}', () => second);
}

interface DrawnQuestion {
  plan: ArithmeticPlan;
  /** The countries, in the order of the plan. */
  names: string[];
  question: string;
  answer: string;
}

/** Draws a question about some of these countries; undefined when the draw is no good, and another may be. */
export function drawArithmeticQuestion(options: {
  numbers: ReadonlyMap<string, CountryNumbers>;
  countries: readonly Country[];
  type: (typeof arithmeticWordings)[number];
  /** Of countries; three are for sums and averages. @default 2, or for these 2 or 3 */
  count?: 2 | 3;
  hops: 1 | 2;
  isUnique: (field: KeyField, key: string) => boolean;
  /** Of the names of the countries. */
  isAllowed: (names: readonly string[]) => boolean;
  random: Random;
}): DrawnQuestion | undefined {
  const { type, hops, isUnique, isAllowed, random } = options;
  const drawn = drawCountries(options);
  if (drawn === undefined) return undefined;
  const names = drawn.countries.map(({ name }) => name);
  if (!isAllowed(names)) return undefined;
  const countries = drawTerms({ countries: drawn.countries, hops, isUnique, random });
  if (countries === undefined) return undefined;
  const { operation, field, wordings } = type;
  const question = writeQuestion(random.pick(wordings), countries, random);
  const { answer } = calculate({ operation, numbers: drawn.numbers, names });
  return { plan: { operation, field, countries }, names, question, answer };
}
