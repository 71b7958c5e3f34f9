import { DatasetError, type Task } from '@dgpo/trajectory';
import { z } from 'zod';
import type { NumberField } from './country-numbers.js';
import { fieldNames } from './number-passages.js';

/** A country as a question speaks of it: by its name or by a fact that is its alone. */
const countryTermSchema = z.object({
  by: z.enum(['name', 'capital', 'currency', 'demonym']),
  value: z.string(),
});

const planSchema = z.object({
  operation: z.enum(['sum', 'difference', 'ratio', 'average', 'comparison']),
  field: z.enum(['area', 'equator', 'neighbours']),
  countries: z.array(countryTermSchema).min(2).max(3),
});

export type CountryTerm = z.infer<typeof countryTermSchema>;
/** What is done with the numbers, in the order of the countries; of a difference and a ratio the first is the larger. */
export type Operation = z.infer<typeof planSchema>['operation'];
/** How a question is worked out. */
export type ArithmeticPlan = z.infer<typeof planSchema>;

/** Whether a task is one of arithmetic over the demo world. */
export const isArithmeticTask = ({ metadata }: Pick<Task, 'metadata'>) => planSchema.safeParse(metadata?.plan).success;

/** @throws DatasetError when the task is none of arithmetic over the demo world */
export function planOf({ id, metadata }: Task): ArithmeticPlan {
  const parsed = planSchema.safeParse(metadata?.plan);
  if (parsed.success) return parsed.data;
  throw new DatasetError('expected a question of arithmetic over the demo world, with its plan', {
    where: `task ${id}`,
  });
}

/** `a, b and c`. */
export const listed = (parts: readonly string[]) =>
  parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;

/** What is looked up for the country that a fact belongs to. */
export const countryQuery = ({ by, value }: CountryTerm) =>
  by === 'demonym' ? `country with people called ${value}` : `country with ${by} ${value}`;

/** What is looked up for a number of a country. */
export const numberQuery = (field: NumberField, country: string) => `${fieldNames[field]} of ${country}`;

const goals: Record<Operation, string> = {
  sum: 'their sum',
  difference: 'how much more the first is',
  ratio: 'how often the second fits into the first',
  average: 'their average',
  comparison: 'which is more',
};

/** The whole plan in a sentence, as a teacher begins its reasoning; it tells no number and no country that the question does not name. */
export function planSentence({ operation, field, countries }: ArithmeticPlan): string {
  const terms = countries.map((term) => (term.by === 'name' ? term.value : `the ${countryQuery(term)}`));
  return `I need the ${fieldNames[field]} of ${listed(terms)}, then ${goals[operation]}.`;
}

/** What {@link planSentence} is to the first turn of an episode: its thought, and the blank line that ends a step of reasoning. */
export const firstThoughtOf = (task: Task) => `${planSentence(planOf(task))}\n\n`;
