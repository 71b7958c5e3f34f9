import type { Random } from '@dgpo/trajectory';
import type { Country } from './country.js';

/** What a passage is about. */
export type PassageField = 'capital' | 'currency' | 'language' | 'region' | 'demonym' | 'borders';

/** What a passage says. */
export interface PassageFact {
  country: string;
  field: PassageField;
  values: string[];
}

/** A passage of one or two lines: the country's name, then a sentence. */
export interface Passage extends PassageFact {
  title: string;
  text: string;
  /** The title on the first line, then the text: the `contents` of a corpus. */
  contents: string;
}

interface Template {
  field: PassageField;
  text: string;
  /** Fits only this number of values. @default 'any' */
  number?: 'one' | 'several';
}

const templates: readonly Template[] = [
  { field: 'capital', text: 'The capital of {country} is {value}.' },
  { field: 'capital', text: '{value} is the capital of {country}.' },
  { field: 'currency', text: 'The currency of {country} is the {value}.' },
  { field: 'currency', text: '{country} has the {value} as its currency.' },
  { field: 'language', text: 'The official language of {country} is {value}.', number: 'one' },
  { field: 'language', text: '{country} has the official language {value}.', number: 'one' },
  { field: 'language', text: 'The official languages of {country} are {value}.', number: 'several' },
  { field: 'language', text: '{country} has the official languages {value}.', number: 'several' },
  { field: 'region', text: 'The region of {country} is {value}.' },
  { field: 'region', text: '{country} lies in the region {value}.' },
  { field: 'demonym', text: 'The people of {country} are called {value}.' },
  { field: 'demonym', text: 'People from {country} are called {value}.' },
  { field: 'borders', text: '{country} has borders with {value}.' },
  { field: 'borders', text: 'The borders of {country} are with {value}.' },
];

const listSeparator = ', ';
/** More neighbours than this go into a second passage. */
export const neighboursPerPassage = 4;

function valuesOf(country: Country, field: PassageField): readonly string[] {
  switch (field) {
    case 'capital':
      return [country.capital];
    case 'currency':
      return [country.currency];
    case 'language':
      return country.languages;
    case 'region':
      return [country.subregion];
    case 'demonym':
      return [country.demonym];
    case 'borders':
      return country.borders;
  }
}

function fits({ number }: Template, values: readonly string[]): boolean {
  return number === undefined || (number === 'one') === (values.length === 1);
}

/** Writes facts as a passage, in one of a few wordings. */
function writePassage({ country, field, values }: PassageFact, random: Random): Passage {
  const template = random.pick(templates.filter((candidate) => candidate.field === field && fits(candidate, values)));
  const text = template.text
    .replace('{country}', () => country)
    .replace('{value}', () => values.join(listSeparator))
    .replace(/\.\.$/, '.');
  return { country, field, values, title: country, text, contents: `${country}\n${text}` };
}

/** The passages of a field: one, none for the borders of an island, several for more than four neighbours. */
export function fieldPassages(country: Country, field: PassageField, random: Random): Passage[] {
  const values = valuesOf(country, field);
  const size = field === 'borders' ? neighboursPerPassage : Math.max(1, values.length);
  const passages: Passage[] = [];
  for (let start = 0; start < values.length; start += size) {
    passages.push(writePassage({ country: country.name, field, values: values.slice(start, start + size) }, random));
  }
  return passages;
}

/** Every field of a passage. */
const passageFields: readonly PassageField[] = ['capital', 'currency', 'language', 'region', 'demonym', 'borders'];

/** All passages of a country. */
export function countryPassages(country: Country, random: Random): Passage[] {
  return passageFields.flatMap((field) => fieldPassages(country, field, random));
}

/** What the `contents` of a passage say, or undefined for a text that is none of the atlas: {@link writePassage} read back. */
export function readPassage(contents: string): PassageFact | undefined {
  const [title = '', text = ''] = contents.split('\n');
  for (const template of templates) {
    const [before = '', after = ''] = template.text.replace('{country}', () => title).split('{value}');
    if (!text.startsWith(before) || !text.endsWith(after) || text.length <= before.length + after.length) continue;
    const values = text.slice(before.length, text.length - after.length).split(listSeparator);
    return { country: title, field: template.field, values };
  }
  return undefined;
}

/** The country to which a sentence of the atlas' passages gives a fact of one value; undefined when it tells something else. */
export function readCountry(sentence: string, { field, value }: { field: PassageField; value: string }) {
  for (const template of templates) {
    if (template.field !== field) continue;
    const written = template.text.replace('{value}', () => value).replace(/\.\.$/, '.');
    const [before = '', after = ''] = written.split('{country}');
    if (!sentence.startsWith(before) || !sentence.endsWith(after)) continue;
    const country = sentence.slice(before.length, sentence.length - after.length);
    if (country !== '') return country;
  }
  return undefined;
}

/** The words of the templates, which are no names. */
export function templateWords(): string[] {
  return templates.flatMap(({ text }) => text.replaceAll(/\{\w+\}/g, '').match(/[A-Za-z]+/g) ?? []);
}
