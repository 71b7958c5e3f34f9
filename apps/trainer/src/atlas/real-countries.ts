import { createRequire } from 'node:module';
import { DatasetError } from '@dgpo/trajectory';
import { z } from 'zod';
import type { Country } from './country.js';
import { nameWords } from './name-words.js';

const recordSchema = z.object({
  name: z.object({ common: z.string() }),
  cca3: z.string(),
  unMember: z.boolean(),
  // An empty record is written as [] in the data.
  currencies: z.union([z.record(z.string(), z.object({ name: z.string() })), z.array(z.never())]),
  capital: z.array(z.string()),
  subregion: z.string(),
  languages: z.union([z.record(z.string(), z.string()), z.array(z.never())]),
  demonyms: z.object({ eng: z.object({ m: z.string() }).optional() }),
  borders: z.array(z.string()),
});

type CountryRecord = z.infer<typeof recordSchema>;

const plainName = /^\p{L}[\p{L}\p{Lm}'’ .-]*$/u;

/** Of several currencies the one named after the country, and of these the shortest; else the first. */
function mainCurrency(record: CountryRecord, demonym: string): string | undefined {
  const names = Object.values(record.currencies).map(({ name }) => name);
  const stems = [record.name.common, demonym].map((name) => name.slice(0, 4).toLowerCase());
  const own = names.filter((name) => stems.some((stem) => name.toLowerCase().startsWith(stem)));
  return own.sort((left, right) => left.length - right.length)[0] ?? names[0];
}

function toCountry(record: CountryRecord, nameOf: ReadonlyMap<string, string>): Country | undefined {
  const { name, capital: capitals, subregion } = record;
  const [capital] = capitals;
  const demonym = record.demonyms.eng?.m ?? '';
  const currency = mainCurrency(record, demonym);
  const languages = Object.values(record.languages).map((language) => language.replace(/ \(.*\)$/, ''));
  if (capitals.length !== 1 || capital === undefined || currency === undefined || subregion === '') return undefined;
  if (Object.keys(record.currencies).length > 2 || languages.length < 1 || languages.length > 4) return undefined;
  if (![name.common, capital, demonym, currency].every((text) => plainName.test(text)) || / or /.test(demonym))
    return undefined;
  // Longer names crowd everything else out of a query.
  if (nameWords(name.common).length > 3) return undefined;
  const borders = record.borders.flatMap((code) => nameOf.get(code) ?? []);
  return { name: name.common, capital, currency, languages, subregion, demonym, borders, split: 'facts' };
}

/**
 * The real countries with a name of at most three words, one capital, one or two currencies, one to four languages, a subregion and a single demonym,
 * leaving out those whose capital bears the name of a country or of the capital of a member of the United Nations.
 * Facts: npm `world-countries` (mledoze/countries, ODbL 1.0), read at run time.
 * @throws DatasetError when the installed `world-countries` has another shape.
 */
export function realCountries(): Country[] {
  const raw: unknown = createRequire(import.meta.url)('world-countries/countries.json');
  const parsed = z.array(recordSchema).safeParse(raw);
  if (!parsed.success) {
    throw new DatasetError('world-countries has another shape than expected; install version 5.1', {
      where: 'world-countries/countries.json',
      cause: parsed.error,
    });
  }
  const nameOf = new Map(parsed.data.map(({ cca3, name }) => [cca3, name.common]));
  const key = (text: string) => nameWords(text).join(' ');
  const taken = new Set(parsed.data.map(({ name }) => key(name.common)));
  const found: Country[] = [];
  // Members of the United Nations first: they keep a capital that a territory shares with them.
  for (const record of [...parsed.data].sort((left, right) => Number(right.unMember) - Number(left.unMember))) {
    const country = toCountry(record, nameOf);
    if (country === undefined || taken.has(key(country.capital))) continue;
    taken.add(key(country.capital));
    found.push(country);
  }
  return found.sort((left, right) => (left.name < right.name ? -1 : 1));
}
