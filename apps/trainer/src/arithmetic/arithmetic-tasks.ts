import { ConfigError, createRandom, type Random, type Task } from '@dgpo/trajectory';
import type { Country, Split } from '../atlas/index.js';
import { nameWords } from '../atlas/name-words.js';
import { countryPhrases, type KeyField, keyFields } from '../atlas/question-wordings.js';
import { uniqueKeys } from '../atlas/tasks.js';
import type { ArithmeticPlan, CountryTerm } from './arithmetic-plan.js';
import { listed } from './arithmetic-plan.js';
import { arithmeticWordings } from './arithmetic-wordings.js';
import type { ArithmeticWorld } from './arithmetic-world.js';
import { calculate, exactValue, isHalf } from './calculate.js';

/** The splits of the atlas, and `known`: held-out questions about the countries to train on. */
export type ArithmeticSplit = Split | 'known';

export interface ArithmeticTasksOptions {
  world: ArithmeticWorld;
  split: ArithmeticSplit;
  count: number;
  /** Chooses the questions and their wordings. @default 0 */
  seed?: number;
  /** Only questions of so many hops; otherwise half of each. */
  hops?: 1 | 2;
}

/** Of the groups of countries to train on, this share is held out as `known`. */
const knownShare = 0.2;

/** Attempts at one more question before the split counts as used up. */
const maxAttempts = 5000;

/** Draws different countries, and puts the larger of two first where that matters; undefined when they make no good question. */
function drawCountries(options: {
  world: ArithmeticWorld;
  countries: readonly Country[];
  type: Pick<ArithmeticPlan, 'operation' | 'field'>;
  random: Random;
}): { countries: Country[]; numbers: number[] } | undefined {
  const { world, countries, type, random } = options;
  const { operation, field } = type;
  const count = operation === 'sum' || operation === 'average' ? random.pick([2, 3]) : 2;
  const drawn = new Set(Array.from({ length: count }, () => random.pick(countries)));
  if (drawn.size < count) return undefined;
  const numberOf = ({ name }: Country) => world.numbers.get(name)?.[field] ?? 0;
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

/**
 * Questions that need arithmetic over facts of two or three countries, as even over operations as may be; the golden answers are
 * exact, and rounding never meets a half. Of one hop each number is one search away; of two hops the question names a country by a fact
 * that has to be looked up first. No question of `known` is about the same countries as one of `train`. Same world, split, seed and count:
 * same list, and a longer list begins with it. None comes twice.
 * @throws ConfigError when `count` is none or the split has too few questions
 */
export function arithmeticTasks(options: ArithmeticTasksOptions): Task[] {
  const { world, split, count, seed = 0, hops } = options;
  if (!Number.isInteger(count) || count < 0) {
    throw new ConfigError(`count is ${count}; it must be an integer of at least 0`);
  }
  const { atlas, numbers } = world;
  const countries = atlas.bySplit[split === 'known' ? 'train' : split].filter(({ name }) => numbers.has(name));
  const isUnique = uniqueKeys(atlas.countries);
  const partition = createRandom(atlas.seed).split('arithmetic-known');
  const isOfSplit = (names: readonly string[]) =>
    (split !== 'known' && split !== 'train') ||
    partition.split([...names].sort().join('\n')).next() < knownShare === (split === 'known');

  const draw = (index: number, random: Random): Task | undefined => {
    const type = arithmeticWordings[Math.floor(index / 2) % arithmeticWordings.length];
    if (type === undefined) return undefined;
    const wanted = hops ?? (index % 2 === 0 ? 1 : 2);
    const drawn = drawCountries({ world, countries, type, random });
    if (drawn === undefined || !isOfSplit(drawn.countries.map(({ name }) => name))) return undefined;
    const terms = drawTerms({ countries: drawn.countries, hops: wanted, isUnique, random });
    if (terms === undefined) return undefined;
    const { operation, field, wordings } = type;
    const names = drawn.countries.map(({ name }) => name);
    const plan: ArithmeticPlan = { operation, field, countries: terms };
    const { answer } = calculate({ operation, numbers: drawn.numbers, names });
    const subjects = terms.map(({ by, value }) => `${by === 'name' ? '' : `${by}-`}${nameWords(value).join('-')}`);
    return {
      id: [split, `${operation}-${field}`, ...subjects].join('/'),
      question: writeQuestion(random.pick(wordings), terms, random),
      goldenAnswers: [answer],
      metadata: {
        data_source: 'atlas-arithmetic',
        type: `${operation}-${field}`,
        hops: wanted,
        split,
        plan,
        supporting_facts: { title: names, sent_id: names.map(() => 0) },
      },
    };
  };

  const random = createRandom(atlas.seed).split('arithmetic-tasks', split, seed);
  const ids = new Set<string>();
  return Array.from({ length: count }, (_, index) => {
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const task = draw(index, random.split(index, attempt));
      if (task === undefined || ids.has(task.id)) continue;
      ids.add(task.id);
      return task;
    }
    throw new ConfigError(
      `the world has too few questions for ${split}: ${ids.size} of ${count}; ask for fewer, or raise inventedCountries`,
    );
  });
}
