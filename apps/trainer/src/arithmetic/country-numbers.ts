import { createRequire } from 'node:module';
import { createRandom, DatasetError, type Random } from '@dgpo/trajectory';
import { z } from 'zod';
import type { Atlas, Country } from '../atlas/index.js';

/** Area in thousand km², distance from the equator in degrees, number of neighbours. */
export type NumberField = 'area' | 'equator' | 'neighbours';

export const numberFields: readonly NumberField[] = ['area', 'equator', 'neighbours'];

/** What there is to reckon with of one country: whole numbers of at least 0. */
export type CountryNumbers = Readonly<Record<NumberField, number>>;

const recordsSchema = z.array(
  z.object({ name: z.object({ common: z.string() }), area: z.number(), latlng: z.tuple([z.number(), z.number()]) }),
);

/** @throws DatasetError when the installed `world-countries` has another shape */
function realRecords() {
  const raw: unknown = createRequire(import.meta.url)('world-countries/countries.json');
  const parsed = recordsSchema.safeParse(raw);
  if (parsed.success) return new Map(parsed.data.map((record) => [record.name.common, record]));
  throw new DatasetError('world-countries has another shape than expected; install version 5.1', {
    where: 'world-countries/countries.json',
    cause: parsed.error,
  });
}

/** Numbers for an invented country: areas from 1 to 4000, small ones as likely as large ones. */
export function drawNumbers({ random, neighbours }: { random: Random; neighbours: number }): CountryNumbers {
  return { area: Math.max(1, Math.round(4000 ** random.next())), equator: random.integer(70), neighbours };
}

/**
 * The numbers of all countries by name: for real ones the facts of npm `world-countries` (ODbL 1.0), rounded; for invented ones
 * drawn from the atlas' seed, with the neighbours that they have. The atlas itself stays as it is. A real country of less than 500 km²
 * has none, since its area would be 0.
 */
export function countryNumbers(atlas: Atlas): Map<string, CountryNumbers> {
  const random = createRandom(atlas.seed).split('country-numbers');
  const real = realRecords();
  const numbersOf = ({ name, split, borders }: Country): CountryNumbers | undefined => {
    const neighbours = borders.length;
    if (split !== 'facts') return drawNumbers({ random: random.split(name), neighbours });
    const record = real.get(name);
    const area = Math.round((record?.area ?? 0) / 1000);
    return area < 1 ? undefined : { area, equator: Math.round(Math.abs(record?.latlng[0] ?? 0)), neighbours };
  };
  return new Map(
    atlas.countries.flatMap((country) => {
      const numbers = numbersOf(country);
      return numbers === undefined ? [] : [[country.name, numbers] as const];
    }),
  );
}
