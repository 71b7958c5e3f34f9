import { ConfigError, createRandom, type Random, type Task } from '@dgpo/trajectory';
import type { Atlas } from './atlas.js';
import type { Country, Split } from './country.js';
import { nameWords } from './name-words.js';
import type { KeyField } from './question-wordings.js';
import { keyFields } from './question-wordings.js';
import {
  commonBorderQuestion,
  countryQuestions,
  type Question,
  type QuestionPlan,
  sameRegionQuestion,
} from './questions.js';

export interface AtlasTasksOptions {
  atlas: Atlas;
  split: Split;
  count: number;
  /** Chooses the questions and their wordings. @default 0 */
  seed?: number;
  /** Only questions of so many hops; otherwise half of each. */
  hops?: 1 | 2;
}

export interface EvaluationTasksOptions {
  atlas: Atlas;
  split: Exclude<Split, 'train'>;
  count: number;
}

/** Tells which facts belong to one country alone, over all countries of the atlas. */
export function uniqueKeys(countries: readonly Country[]): (field: KeyField, key: string) => boolean {
  const counts = new Map<string, number>();
  const keyOf = (field: KeyField, key: string) => `${field}:${nameWords(key).join(' ')}`;
  for (const country of countries) {
    for (const field of keyFields) {
      const key = keyOf(field, country[field]);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return (field, key) => counts.get(keyOf(field, key)) === 1;
}

/** For each country one comparison with a country of its region and one with a country of another. */
function sameRegionQuestions(countries: readonly Country[], random: Random): Question[] {
  const seen = new Set<string>();
  return countries.flatMap((country) => {
    const [near, far] = [true, false].map((wanted) =>
      countries.filter((other) => other !== country && (other.subregion === country.subregion) === wanted),
    );
    return [near, far].flatMap((group = []) => {
      if (group.length === 0) return [];
      const other = random.pick(group);
      const pair = [country.name, other.name].sort().join('\n');
      if (seen.has(pair)) return [];
      seen.add(pair);
      return [sameRegionQuestion(country, other)];
    });
  });
}

function commonBorderQuestions(countries: readonly Country[]): Question[] {
  const byName = new Map(countries.map((country) => [country.name, country]));
  return countries.flatMap((country) => {
    const neighbours = country.borders.flatMap((name) => byName.get(name) ?? []);
    const beyond = new Set(neighbours.flatMap(({ borders }) => borders));
    return [...beyond].flatMap((name) => {
      const other = byName.get(name);
      return (other && other.name > country.name && commonBorderQuestion(country, other)) || [];
    });
  });
}

function questionsOf(atlas: Atlas, split: Split): Question[] {
  const countries = atlas.bySplit[split];
  const isUnique = uniqueKeys(atlas.countries);
  const random = createRandom(atlas.seed).split('pairs', split);
  return [
    ...countries.flatMap((country) => countryQuestions(country, isUnique)),
    ...sameRegionQuestions(countries, random),
    ...commonBorderQuestions(countries),
  ];
}

/** A question in one of its wordings, as a task. */
export function questionTask(options: { question: Question; wording: number; split: Split }): Task {
  const { question, wording, split } = options;
  const { type, hops, subjects, key, target, wordings, goldenAnswers, titles } = question;
  const plan: QuestionPlan = { type, hops, subjects, ...(key ? { key } : {}), ...(target ? { target } : {}) };
  return {
    id: [split, type, ...subjects.map((subject) => nameWords(subject).join('-')), wording].join('/'),
    question: wordings[wording] ?? '',
    goldenAnswers,
    metadata: { ...plan, split, supporting_facts: { title: titles, sent_id: titles.map(() => 0) } },
  };
}

/** Takes from each list in turn until there are `count`. */
function roundRobin<T>(lists: readonly (readonly T[])[], count: number): T[] {
  const taken: T[] = [];
  for (let round = 0; taken.length < count && lists.some((list) => round < list.length); round++) {
    for (const list of lists) {
      const item = list[round];
      if (item !== undefined && taken.length < count) taken.push(item);
    }
  }
  return taken;
}

function drawTasks(
  options: AtlasTasksOptions,
  random: Random,
  variants: (question: Question, random: Random) => number[],
) {
  const { atlas, split, count, hops } = options;
  if (!Number.isInteger(count) || count < 0)
    throw new ConfigError(`count is ${count}; it must be an integer of at least 0`);
  const byType = new Map<string, Question[]>();
  for (const question of questionsOf(atlas, split)) {
    const list = byType.get(question.type) ?? [];
    byType.set(question.type, list);
    list.push(question);
  }
  const drawn = ([1, 2] as const).flatMap((wanted) => {
    const share =
      hops === undefined ? (wanted === 1 ? Math.ceil(count / 2) : Math.floor(count / 2)) : hops === wanted ? count : 0;
    const lists = [...byType]
      .filter(([, questions]) => questions[0]?.hops === wanted)
      .map(([type, questions]) => {
        const own = random.split(type);
        const tasks = questions.flatMap((question) =>
          variants(question, own).map((wording) => questionTask({ question, wording, split })),
        );
        return own.shuffle(tasks);
      });
    const tasks = roundRobin(lists, share);
    if (tasks.length < share) {
      throw new ConfigError(
        `the atlas has ${tasks.length} questions of ${wanted} hop(s) for ${split}, but ${share} are asked for; ` +
          'ask for fewer, or raise inventedCountries',
      );
    }
    return tasks;
  });
  return random.split('order').shuffle(drawn);
}

/**
 * Questions about the countries of a split, as even over the question types as their numbers allow, in random order. Every
 * wording of a question counts as a question of its own; none comes twice.
 * @throws ConfigError when there are fewer than `count`.
 */
export function atlasTasks(options: AtlasTasksOptions): Task[] {
  const random = createRandom(options.atlas.seed).split('tasks', options.split, options.seed ?? 0);
  return drawTasks(options, random, ({ wordings }) => wordings.map((_, index) => index));
}

/**
 * The held-out questions of an atlas: always the same list for the same atlas, split and count; each question in one wording only.
 * @throws ConfigError when there are fewer than `count`.
 */
export function evaluationTasks(options: EvaluationTasksOptions): Task[] {
  const random = createRandom(options.atlas.seed).split('evaluation', options.split);
  return drawTasks(options, random, ({ wordings }, own) => [own.integer(wordings.length)]);
}
