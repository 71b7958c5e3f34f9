import { DatasetError, supportingTitles, type Task } from '@dgpo/trajectory';
import { z } from 'zod';
import type { Atlas } from './atlas.js';
import { type PassageFact, readPassage } from './passages.js';
import type { KeyField, TargetField } from './question-wordings.js';

export interface ExpertTurnOptions {
  /** A task of the atlas. */
  task: Task;
  /** What each search so far brought, as `contents` of passages; in an environment the documents of its actions. */
  observations: readonly (readonly string[])[];
}

type Field = TargetField | 'borders';

const planSchema = z.object({
  type: z.string(),
  subjects: z.array(z.string()),
  key: z.enum(['capital', 'currency', 'demonym']).optional(),
  target: z.enum(['capital', 'currency', 'language', 'region', 'demonym']).optional(),
});

/** The queries of the expert for a fact of a country, in the words of the passages. */
const fieldQueries: Record<Field, (country: string) => string> = {
  capital: (country) => `capital of ${country}`,
  currency: (country) => `currency of ${country}`,
  language: (country) => `official language of ${country}`,
  region: (country) => `region of ${country}`,
  demonym: (country) => `people of ${country}`,
  borders: (country) => `borders of ${country}`,
};

/** The queries of the expert for the country of a fact. */
const keyQueries: Record<KeyField, (key: string) => string> = {
  capital: (key) => `country with capital ${key}`,
  currency: (key) => `country with currency ${key}`,
  demonym: (key) => `country with people called ${key}`,
};

const search = (thought: string, query: string) =>
  `<think>${thought}I need the ${query}.</think><search>${query}</search>`;
const answer = (thought: string, text: string) => `<think>${thought}</think><answer>${text}</answer>`;
const giveUp = answer('I cannot find it.', 'unknown');

/** What a set of passages says about a field of a country. */
function findValues(contents: readonly string[], country: string, field: Field): string[] | undefined {
  const facts = contents.flatMap((passage) => readPassage(passage) ?? []);
  return facts.find((fact) => fact.country === country && fact.field === field)?.values;
}

function findCountry(contents: readonly string[], key: KeyField, value: string): string | undefined {
  const facts: PassageFact[] = contents.flatMap((passage) => readPassage(passage) ?? []);
  return facts.find((fact) => fact.field === key && fact.values[0] === value)?.country;
}

function compareTurn(
  field: 'region' | 'borders',
  subjects: readonly string[],
  observations: readonly (readonly string[])[],
) {
  const [first = '', second = ''] = subjects;
  if (observations.length === 0) return search('', fieldQueries[field](first));
  const here = findValues(observations[0] ?? [], first, field);
  if (here === undefined) return giveUp;
  if (observations.length === 1) return search(`It is ${here.join(', ')}. `, fieldQueries[field](second));
  const there = findValues(observations[1] ?? [], second, field);
  if (there === undefined) return giveUp;
  const common = there.find((value) => here.includes(value));
  if (field === 'region') {
    return answer(`It is ${there.join(', ')}${common ? ' again' : ', another'}.`, common ? 'yes' : 'no');
  }
  return common ? answer(`It is ${there.join(', ')}. Both have ${common}.`, common) : giveUp;
}

/**
 * The next turn of the scripted expert: a thought, then a search or the answer. It takes its plan from the task and every fact from
 * what was retrieved; what was not found makes it answer `unknown`. Fits the `oracle` option of the search environment.
 * @throws DatasetError when the task is none of the atlas.
 */
export function expertTurn({ task, observations }: ExpertTurnOptions): string {
  const parsed = planSchema.safeParse(task.metadata);
  if (!parsed.success) {
    throw new DatasetError('the scripted expert plays tasks of the atlas only', { where: `task ${task.id}` });
  }
  const { type, subjects, key, target } = parsed.data;
  if (type === 'same-region') return compareTurn('region', subjects, observations);
  if (type === 'common-border') return compareTurn('borders', subjects, observations);
  const [subject = ''] = subjects;
  let country = subject;
  let step = 0;
  let thought = '';
  if (key !== undefined) {
    if (observations.length === 0) return search('', keyQueries[key](subject));
    const found = findCountry(observations[0] ?? [], key, subject);
    if (found === undefined) return giveUp;
    country = found;
    thought = `It is ${country}.`;
    step = 1;
    if (target === undefined) return answer(thought, country);
    thought += ' ';
  }
  if (target === undefined) return giveUp;
  if (observations.length === step) return search(thought, fieldQueries[target](country));
  const [value] = findValues(observations[step] ?? [], country, target) ?? [];
  return value === undefined ? giveUp : answer(`It is ${value}.`, value);
}

/** All turns of the expert, as if every search brought all passages with the evidence. */
export function expertScript(task: Task, atlas: Atlas): string[] {
  const titles = new Set(supportingTitles(task));
  const passages = atlas.corpus
    .map(({ contents }) => contents)
    .filter((contents) => titles.has(contents.split('\n')[0] ?? ''));
  const turns: string[] = [];
  while (turns.length < 4 && !turns.at(-1)?.includes('<answer>')) {
    turns.push(expertTurn({ task, observations: turns.map(() => passages) }));
  }
  return turns;
}
