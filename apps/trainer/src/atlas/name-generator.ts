import type { Random } from '@dgpo/trajectory';
import { createCharacterModel } from './character-model.js';
import type { Country } from './country.js';

/** The kinds of names that are invented, each in the likeness of the real ones of its kind. */
export type NameField = 'country' | 'capital' | 'currencyUnit' | 'language' | 'demonym';

interface InventOptions {
  field: NameField;
  random: Random;
  /** Tells names that may not be given. */
  isFree: (name: string) => boolean;
  /** The first letters. @default '' */
  prefix?: string;
  /** No longer than this. @default 24 */
  maxLength?: number;
}

/** Invents names. */
export interface NameGenerator {
  /** A free name whose length was drawn from the lengths of the real names of its field. */
  invent(options: InventOptions): string;
  /** The real names of a field. */
  realNames(field: NameField): readonly string[];
}

const properName = /^\p{Lu}[\p{L}'-]*\p{L}( [\p{L}'-]*\p{L})*$/u;
const commonName = /^\p{Ll}{3,}$/u;
const tries = 60;

/** The last word of a currency's name: `Peruvian sol` is a sol. */
function currencyUnit(currency: string): string {
  return (currency.split(' ').at(-1) ?? currency).toLowerCase();
}

function looksReal(name: string, field: NameField): boolean {
  if (field === 'currencyUnit') return commonName.test(name);
  const lastWord = name.split(/[ -]/).at(-1) ?? '';
  return (
    name.length >= 4 &&
    properName.test(name) &&
    (lastWord.length > 2 || !name.includes(' ')) &&
    /[aeiouy]/i.test(lastWord)
  );
}

/** A generator of names after those of the given countries (order-3 character models, one for each field). */
export function createNameGenerator(countries: readonly Country[]): NameGenerator {
  const real: Record<NameField, string[]> = {
    country: countries.map(({ name }) => name),
    capital: countries.map(({ capital }) => capital),
    currencyUnit: countries.map(({ currency }) => currencyUnit(currency)),
    language: [...new Set(countries.flatMap(({ languages }) => languages))],
    demonym: [...new Set(countries.map(({ demonym }) => demonym))],
  };
  const models = {
    country: createCharacterModel({ names: real.country }),
    capital: createCharacterModel({ names: real.capital }),
    currencyUnit: createCharacterModel({ names: [...new Set(real.currencyUnit)] }),
    language: createCharacterModel({ names: real.language }),
    demonym: createCharacterModel({ names: real.demonym }),
  };
  return {
    realNames: (field) => real[field],
    invent: ({ field, random, isFree, prefix = '', maxLength = 24 }) => {
      const target = Math.min(maxLength, random.pick(real[field]).length);
      let closest: string | undefined;
      for (let attempt = 0; attempt < tries || closest === undefined; attempt++) {
        // A prefix that nobody gets out of is dropped in the end.
        const name = models[field].generate(random, attempt < 4 * tries ? prefix : '');
        if (name.length > maxLength || !looksReal(name, field) || !isFree(name)) continue;
        if (name.length === target) return name;
        if (closest === undefined || Math.abs(name.length - target) < Math.abs(closest.length - target)) closest = name;
      }
      return closest;
    },
  };
}
