import { describe, expect, it } from 'vitest';
import { createAtlas } from './atlas.js';
import type { Country } from './country.js';
import { nameWords, phrases } from './name-words.js';
import { readPassage } from './passages.js';

const atlas = createAtlas();
const { train, fiction, facts } = atlas.bySplit;
const invented = [...train, ...fiction];
const key = (text: string) => nameWords(text).join(' ');

/** The largest distance between two cumulative distributions. */
function kolmogorovSmirnov(left: readonly number[], right: readonly number[]): number {
  const share = (values: readonly number[], limit: number) =>
    values.filter((value) => value <= limit).length / values.length;
  return Math.max(...[...left, ...right].map((limit) => Math.abs(share(left, limit) - share(right, limit))));
}

function letterShares(names: readonly string[]): Map<string, number> {
  const letters = [...names.join('').toLowerCase()];
  const shares = new Map<string, number>();
  for (const letter of letters) shares.set(letter, (shares.get(letter) ?? 0) + 1 / letters.length);
  return shares;
}

function totalVariation(left: Map<string, number>, right: Map<string, number>): number {
  const letters = new Set([...left.keys(), ...right.keys()]);
  return [...letters].reduce(
    (sum, letter) => sum + Math.abs((left.get(letter) ?? 0) - (right.get(letter) ?? 0)) / 2,
    0,
  );
}

describe('createAtlas', () => {
  it('gives the same world for the same seed and another for another seed', () => {
    const again = createAtlas();
    expect(again.countries).toEqual(atlas.countries);
    expect(again.corpus).toEqual(atlas.corpus);
    const other = createAtlas({ seed: 1 });
    expect(other.bySplit.facts).toEqual(facts);
    expect(other.bySplit.fiction[0]).not.toEqual(fiction[0]);
  });

  it('has some 200 real countries, 1,600 invented ones, a fifth of them held out, and some 10,000 short passages', () => {
    expect(facts.length).toBeGreaterThan(190);
    expect(facts.length).toBeLessThan(230);
    expect(invented).toHaveLength(1600);
    expect(fiction).toHaveLength(320);
    expect(atlas.corpus.length).toBeGreaterThan(9_000);
    expect(atlas.corpus.length).toBeLessThan(11_000);
    expect(Math.max(...atlas.corpus.map(({ contents }) => contents.length))).toBeLessThan(160);
    expect(new Set(atlas.corpus.map(({ id }) => id)).size).toBe(atlas.corpus.length);
  });

  it('tells the facts', () => {
    const peru = facts.find(({ name }) => name === 'Peru');
    expect(peru).toEqual({
      name: 'Peru',
      capital: 'Lima',
      currency: 'Peruvian sol',
      languages: ['Aymara', 'Quechua', 'Spanish'],
      subregion: 'South America',
      demonym: 'Peruvian',
      borders: ['Bolivia', 'Brazil', 'Chile', 'Colombia', 'Ecuador'],
      split: 'facts',
    });
    expect(facts.find(({ name }) => name === 'Panama')?.currency).toBe('Panamanian balboa');
    // Both have a capital called Kingston: the member of the United Nations stays.
    expect(facts.map(({ name }) => name)).toContain('Jamaica');
    expect(facts.map(({ name }) => name)).not.toContain('Norfolk Island');
  });

  it('invents no name twice and no real name', () => {
    for (const field of ['name', 'capital', 'demonym'] as const) {
      const names = atlas.countries.map((country) => key(country[field]));
      const inventedNames = invented.map((country) => key(country[field]));
      expect(new Set(inventedNames).size).toBe(inventedNames.length);
      if (field !== 'demonym') expect(new Set(names).size).toBe(names.length);
    }
    const named = (countries: readonly Country[]) =>
      new Set(
        countries.flatMap(({ name, capital, demonym, languages }) => [name, capital, demonym, ...languages].map(key)),
      );
    const realNames = named(facts);
    expect([...named(invented)].filter((name) => realNames.has(name))).toEqual([]);
  });

  it('keeps every name of a held-out country out of the other countries', () => {
    const all = ({ name, capital, currency, demonym, subregion, languages, borders }: Country) =>
      [name, capital, currency, demonym, subregion, ...languages, ...borders].map(nameWords);
    const heldOut = new Set(fiction.flatMap(all).map((words) => words.join(' ')));
    const elsewhere = [...train, ...facts].flatMap(all).flatMap(phrases);
    expect(elsewhere.filter((phrase) => heldOut.has(phrase))).toEqual([]);
  });

  it('has borders that hold both ways, within a region', () => {
    const byName = new Map(invented.map((country) => [country.name, country]));
    for (const country of invented) {
      for (const border of country.borders) {
        expect(byName.get(border)?.borders).toContain(country.name);
        expect(byName.get(border)?.subregion).toBe(country.subregion);
      }
    }
  });

  it.each(['name', 'capital', 'demonym', 'language'] as const)(
    'draws the %s of an invented country like a real one',
    (field) => {
      const names = (countries: readonly Country[]) => [
        ...new Set(countries.flatMap((country) => (field === 'language' ? country.languages : [country[field]]))),
      ];
      const lengths = (countries: readonly Country[]) => names(countries).map((name) => name.length);
      expect(kolmogorovSmirnov(lengths(invented), lengths(facts))).toBeLessThan(0.12);
      expect(totalVariation(letterShares(names(invented)), letterShares(names(facts)))).toBeLessThan(0.1);
    },
  );

  it('writes passages that read back to the facts', () => {
    const byName = new Map(atlas.countries.map((country) => [country.name, country]));
    const fields = new Map<string, number>();
    for (const { contents } of atlas.corpus) {
      const fact = readPassage(contents);
      const country = byName.get(fact?.country ?? '');
      if (fact === undefined || country === undefined) throw new Error(`cannot read ${contents}`);
      fields.set(fact.field, (fields.get(fact.field) ?? 0) + 1);
      const known = { ...country, language: country.languages, region: [country.subregion] }[fact.field];
      // "Washington D.C." gives its last full stop to the sentence.
      const plain = (values: readonly string[]) => values.map((value) => value.replace(/\.$/, ''));
      const expected = plain([known].flat());
      expect(expected).toEqual(fact.field === 'borders' ? expect.arrayContaining(fact.values) : plain(fact.values));
    }
    for (const field of ['capital', 'currency', 'language', 'region', 'demonym']) {
      expect(fields.get(field)).toBe(atlas.countries.length);
    }
  });

  it('refuses a world too small to hold anything out', () => {
    expect(() => createAtlas({ inventedCountries: 79 })).toThrow(/at least 80/);
    expect(createAtlas({ inventedCountries: 80 }).bySplit.fiction).toHaveLength(40);
  });
});
