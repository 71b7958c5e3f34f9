import { createBm25Index } from '@dgpo/retriever';
import type { Random, Segment, Task } from '@dgpo/trajectory';
import type { Atlas, Country } from '../atlas/index.js';
import { countryPassages } from '../atlas/passages.js';
import { drawScene } from '../atlas/scene.js';
import { uniqueKeys } from '../atlas/tasks.js';
import { firstThoughtOf } from './arithmetic-plan.js';
import { arithmeticWordings } from './arithmetic-wordings.js';
import { type CountryNumbers, drawNumbers } from './country-numbers.js';
import { drawArithmeticQuestion } from './draw-question.js';
import { numberPassages } from './number-passages.js';
import { scriptedCodeEpisode } from './scripted-code-episode.js';

/** Countries that exist for one example only, with their numbers. */
export interface ThrowawayScene {
  countries: readonly Country[];
  numbers: ReadonlyMap<string, CountryNumbers>;
}

/** A few countries with names and facts of their own, some of them those of real ones, mixed at random. */
export function drawThrowawayScene(atlas: Atlas, random: Random): ThrowawayScene {
  for (;;) {
    const { countries } = drawScene(atlas, random);
    // Countries of the world bring their facts along, and groups of them may be held out.
    if (countries.some((country) => atlas.bySplit.train.includes(country))) continue;
    const numbers = countries.map(
      ({ name }) => [name, drawNumbers({ random, neighbours: random.integer(8) })] as const,
    );
    return { countries, numbers: new Map(numbers) };
  }
}

const ofThree = arithmeticWordings.filter(({ operation }) => operation === 'sum' || operation === 'average');

function drawTask(options: {
  atlas: Atlas;
  scene: ThrowawayScene;
  isOfThree: boolean;
  random: Random;
}): Task | undefined {
  const { atlas, scene, isOfThree, random } = options;
  const { countries, numbers } = scene;
  const drawn = drawArithmeticQuestion({
    type: random.pick(isOfThree ? ofThree : arithmeticWordings),
    ...(isOfThree ? { count: 3 } : {}),
    numbers,
    countries,
    isUnique: uniqueKeys(countries),
    isAllowed: () => true,
    hops: random.pick([1, 2] as const),
    random,
  });
  if (drawn === undefined) return undefined;
  const { plan, question, answer } = drawn;
  if (plan.countries.some(({ value }) => atlas.realNames.has(value))) return undefined;
  return { id: 'throwaway', question, goldenAnswers: [answer], metadata: { plan } };
}

/** An episode to learn from. */
export interface CodeEpisodeExample {
  task: Task;
  /** Policy and observation in turn, text only; the environment's prompt goes before. */
  segments: Segment[];
}

/**
 * A fresh episode of the expert about countries invented for it, so that its facts can be read only, never recalled; no question mentions
 * the name of a real country. `hasFirstThought` begins the first turn with the sentence of a plan instead of the expert's own thought.
 */
export function throwawayCodeEpisode(options: {
  atlas: Atlas;
  random: Random;
  hasFirstThought: boolean;
  /** A sum or an average of three countries, which are rare otherwise. @default false */
  isOfThree?: boolean;
}): CodeEpisodeExample {
  const { atlas, random, hasFirstThought, isOfThree = false } = options;
  for (;;) {
    const scene = drawThrowawayScene(atlas, random);
    let task = drawTask({ atlas, scene, isOfThree, random });
    // Three draws of three countries are seldom three countries.
    for (let attempt = 0; isOfThree && task === undefined && attempt < 10; attempt++) {
      task = drawTask({ atlas, scene, isOfThree, random });
    }
    if (task === undefined) continue;
    const contents = scene.countries.flatMap((country) => {
      const numbers = scene.numbers.get(country.name);
      const facts = countryPassages(country, random).map((passage) => passage.contents);
      return numbers === undefined ? facts : [...facts, ...numberPassages({ country: country.name, numbers, random })];
    });
    const documents = random.shuffle(contents).map((text, index) => ({ id: `${index}`, contents: text }));
    const index = createBm25Index({ documents });
    const { segments, answer } = scriptedCodeEpisode({
      task,
      search: (query) =>
        index
          .search({ query, topK: 2 })
          .map((found) => documents[found.index]?.contents.split('\n').slice(1).join('\n') ?? ''),
      ...(hasFirstThought ? { firstThought: firstThoughtOf(task) } : {}),
    });
    // A small corpus need not bring every fact among the first two passages.
    if (answer === task.goldenAnswers[0]) return { task, segments };
  }
}
