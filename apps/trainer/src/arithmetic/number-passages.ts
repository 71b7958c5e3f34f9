import type { Random } from '@dgpo/trajectory';
import { type CountryNumbers, type NumberField, numberFields } from './country-numbers.js';

const templates: Record<NumberField, readonly string[]> = {
  area: ['The area of {country} is {value} thousand km2.', '{country} has an area of {value} thousand km2.'],
  equator: [
    'The distance of {country} from the equator is {value} degrees.',
    '{country} has a distance from the equator of {value} degrees.',
  ],
  neighbours: [
    'The number of neighbours of {country} is {value}.',
    '{country} has {value} as its number of neighbours.',
  ],
};

/** What the passages call a number. */
export const fieldNames: Record<NumberField, string> = {
  area: 'area',
  equator: 'distance from the equator',
  neighbours: 'number of neighbours',
};

/** The passages with the numbers of a country: its name on the first line, then a sentence. */
export function numberPassages(options: { country: string; numbers: CountryNumbers; random: Random }): string[] {
  const { country, numbers, random } = options;
  return numberFields.map((field) => {
    const text = random.pick(templates[field]).replace('{value}', `${numbers[field]}`);
    return `${country}\n${text.replace('{country}', () => country)}`;
  });
}

/** The number that a sentence of the passages gives for a country; undefined when it tells something else. */
export function readNumber(sentence: string, { country, field }: { country: string; field: NumberField }) {
  for (const template of templates[field]) {
    const [before = '', after = ''] = template.replace('{country}', () => country).split('{value}');
    const value = sentence.slice(before.length, sentence.length - after.length);
    if (sentence.startsWith(before) && sentence.endsWith(after) && /^\d+$/.test(value)) return Number(value);
  }
  return undefined;
}
