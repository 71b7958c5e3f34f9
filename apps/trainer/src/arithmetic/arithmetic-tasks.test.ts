import { supportingTitles } from '@dgpo/trajectory';
import { expect, test } from 'vitest';
import { createAtlas } from '../atlas/index.js';
import { readCountry } from '../atlas/passages.js';
import { planOf } from './arithmetic-plan.js';
import { type ArithmeticSplit, arithmeticTasks } from './arithmetic-tasks.js';
import { createArithmeticWorld } from './arithmetic-world.js';
import { numberFields } from './country-numbers.js';
import { readNumber } from './number-passages.js';

const atlas = createAtlas({ inventedCountries: 160 });
const world = createArithmeticWorld(atlas);
const splits: readonly ArithmeticSplit[] = ['train', 'known', 'fiction', 'facts'];
const tasks = new Map(splits.map((split) => [split, arithmeticTasks({ world, split, count: 220 })]));
const of = (split: ArithmeticSplit) => tasks.get(split) ?? [];

test('the atlas stays in front; each country has a passage for each number, which is read back', () => {
  expect(world.corpus.slice(0, atlas.corpus.length)).toEqual(atlas.corpus);
  expect(world.corpus.map(({ id }) => id)).toEqual(world.corpus.map((_, index) => `${index}`));
  const added = world.corpus.slice(atlas.corpus.length).map(({ contents }) => contents.split('\n'));
  expect(added).toHaveLength(3 * world.numbers.size);
  for (const [country = '', sentence = ''] of added) {
    const read = numberFields.flatMap((field) => {
      const number = readNumber(sentence, { country, field });
      return number === undefined ? [] : [[field, number] as const];
    });
    expect(read).toHaveLength(1);
    for (const [field, number] of read) expect(number).toBe(world.numbers.get(country)?.[field]);
  }
});

test('the numbers of real countries are facts; others follow from the seed', () => {
  expect(world.numbers.get('Peru')).toEqual({ area: 1285, equator: 10, neighbours: 5 });
  expect(world.numbers.get('Iceland')).toEqual({ area: 103, equator: 65, neighbours: 0 });
  expect(createArithmeticWorld(createAtlas({ inventedCountries: 160 }))).toEqual({
    ...world,
    atlas: expect.anything(),
  });
  const other = createArithmeticWorld(createAtlas({ inventedCountries: 160, seed: 1 }));
  expect(other.numbers.get('Peru')).toEqual(world.numbers.get('Peru'));
  expect([...other.numbers.values()]).not.toEqual([...world.numbers.values()]);
});

test('countries are read from sentences of the atlas', () => {
  expect(readCountry('Lima is the capital of Peru.', { field: 'capital', value: 'Lima' })).toBe('Peru');
  expect(readCountry('The capital of Peru is Lima.', { field: 'capital', value: 'Lim' })).toBeUndefined();
  expect(readCountry('People from Peru are called Peruvian.', { field: 'demonym', value: 'Peruvian' })).toBe('Peru');
});

test.each(splits)('golden answers of %s are what its facts give', (split) => {
  for (const task of of(split)) {
    const { operation, field, countries } = planOf(task);
    const names = supportingTitles(task);
    const numbers = names.map((name) => world.numbers.get(name)?.[field] ?? Number.NaN);
    const [a = Number.NaN, b = Number.NaN, c = 0] = numbers;
    const wanted = {
      sum: a + b + c,
      difference: a - b,
      ratio: Number((a / b).toFixed(0)),
      average: Number(((a + b + c) / names.length).toFixed(0)),
      comparison: a > b ? names[0] : names[1],
    }[operation];
    expect(task.goldenAnswers).toEqual([`${wanted}`]);
    if (operation === 'difference') expect(a).toBeGreaterThan(b);
    if (operation === 'comparison') expect(a).not.toBe(b);
    for (const [index, { by, value }] of countries.entries()) {
      expect(task.question).toContain(value);
      const country = atlas.countries.find(({ name }) => name === names[index]);
      expect(country?.[by]).toBe(value);
      if (by !== 'name') expect(atlas.countries.filter((other) => other[by] === value)).toHaveLength(1);
    }
    const hops = countries.some(({ by }) => by !== 'name') ? 2 : 1;
    expect(task.metadata).toMatchObject({
      data_source: 'atlas-arithmetic',
      type: `${operation}-${field}`,
      hops,
      split,
    });
  }
});

test('splits keep apart, types and hops are even, and nothing comes twice', () => {
  const groups = (split: ArithmeticSplit) => new Set(of(split).map((task) => supportingTitles(task).sort().join('\n')));
  const known = groups('known');
  expect([...groups('train')].filter((group) => known.has(group))).toEqual([]);
  const splitOf = new Map(atlas.countries.map(({ name, split }) => [name, split]));
  for (const split of splits) {
    const countries = new Set(
      of(split)
        .flatMap(supportingTitles)
        .map((name) => splitOf.get(name)),
    );
    expect([...countries]).toEqual([split === 'known' ? 'train' : split]);
    expect(new Set(of(split).map(({ id }) => id)).size).toBe(220);
    const counts = new Map<string, number>();
    for (const { metadata } of of(split)) {
      const key = `${String(metadata?.type)} ${String(metadata?.hops)}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect([...counts.values()]).toEqual(Array.from({ length: 22 }, () => 10));
  }
});

test('same seed, same list; a longer list begins with a shorter one; hops as asked', () => {
  const draw = (options: { count?: number; seed?: number; hops?: 1 | 2 }) =>
    arithmeticTasks({ world, split: 'train', count: 30, ...options });
  expect(draw({ count: 220 })).toEqual(of('train'));
  expect(of('train').slice(0, 30)).toEqual(draw({}));
  expect(draw({ seed: 1 })).not.toEqual(draw({}));
  expect(draw({ hops: 2 }).every(({ metadata }) => metadata?.hops === 2)).toBe(true);
  expect(() => draw({ count: -1 })).toThrow('count is -1');
  expect(() => planOf({ id: 'x', question: '', goldenAnswers: [] })).toThrow('task x');
});
