import { ConfigError, createRandom, type Random, type Task } from '@dgpo/trajectory';
import type { Split } from '../atlas/index.js';
import { nameWords } from '../atlas/name-words.js';
import { uniqueKeys } from '../atlas/tasks.js';
import { arithmeticWordings } from './arithmetic-wordings.js';
import type { ArithmeticWorld } from './arithmetic-world.js';
import { drawArithmeticQuestion } from './draw-question.js';

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
    const drawn = drawArithmeticQuestion({
      type,
      numbers,
      countries,
      isUnique,
      random,
      hops: wanted,
      isAllowed: isOfSplit,
    });
    if (drawn === undefined) return undefined;
    const { plan, names, question, answer } = drawn;
    const { operation, field, countries: terms } = plan;
    const subjects = terms.map(({ by, value }) => `${by === 'name' ? '' : `${by}-`}${nameWords(value).join('-')}`);
    return {
      id: [split, `${operation}-${field}`, ...subjects].join('/'),
      question,
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
