import { DatasetError, type Task } from '@dgpo/trajectory';
import type { Goal } from './product.js';

const isText = (value: unknown): value is string => typeof value === 'string';
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText);

function isOptions(value: unknown): value is Goal['options'] {
  return isTexts(value) || (typeof value === 'object' && value !== null && Object.values(value).every(isText));
}

/** The goal of a task. @throws DatasetError for a task that is none of this world. */
export function goalOf({ id, metadata }: Task): Goal {
  const where = `task ${id}`;
  const { goal } = metadata ?? {};
  if (typeof goal !== 'object' || goal === null) {
    throw new DatasetError('expected metadata.goal to be an object: make tasks with createGoals', { where });
  }
  const { asin, category, query, productCategory, name, attributes, options, priceUpper } = goal as Record<
    string,
    unknown
  >;
  const text = (value: unknown, key: string) => {
    if (isText(value)) return value;
    throw new DatasetError(`expected metadata.goal.${key} to be a string`, { where });
  };
  if (!isTexts(attributes))
    throw new DatasetError('expected metadata.goal.attributes to be a list of strings', { where });
  if (!isOptions(options))
    throw new DatasetError('expected metadata.goal.options to be strings, as a list or by name', { where });
  if (typeof priceUpper !== 'number')
    throw new DatasetError('expected metadata.goal.priceUpper to be a number', { where });
  return {
    asin: text(asin, 'asin'),
    category: text(category, 'category'),
    query: text(query, 'query'),
    productCategory: text(productCategory, 'productCategory'),
    name: text(name, 'name'),
    attributes,
    options,
    priceUpper,
  };
}
